/// One setting of a group: its name in files, the values it may have, and a sentence on what it does.
public struct Setting<Owner> {
  public let name: String
  /// In words: "at least 0 and below 1", "sgd, adam"; nil for a group of settings.
  public let values: String?
  public let meaning: String
  var isRequired = false
  /// Where it is kept; nil for one that is only read.
  var place: PartialKeyPath<Owner>?
  var read: (inout Owner, KeyedDecodingContainer<SettingName>, SettingName) throws -> Void
  /// What is written; nil for nothing.
  var value: (Owner) -> (any Encodable)?
  /// The sentence that refuses the value it has; nil when it is in range.
  var problem: (Owner) -> String? = { _ in nil }
  var members: ((Owner, [String]) -> [SettingEntry])?

  /// A setting of any kind.
  /// - Parameters:
  ///   - values: what it may be, in words.
  ///   - isRequired: whether a file without it is refused.
  public static func value<Value: Codable>(
    _ name: String, _ place: WritableKeyPath<Owner, Value>, _ values: String, _ meaning: String,
    isRequired: Bool = false, problem: @escaping (Value) -> String? = { _ in nil }
  ) -> Self {
    Self(
      name: name, values: values, meaning: meaning, isRequired: isRequired, place: place,
      read: { owner, file, name in
        if let value = try file.decodeIfPresent(Value.self, forKey: name) { owner[keyPath: place] = value }
      },
      value: { $0[keyPath: place] }, problem: { problem($0[keyPath: place]) })
  }

  /// A setting of any kind that may be absent.
  public static func value<Value: Codable>(
    _ name: String, _ place: WritableKeyPath<Owner, Value?>, _ values: String, _ meaning: String,
    problem: @escaping (Value) -> String? = { _ in nil }
  ) -> Self {
    Self(
      name: name, values: values, meaning: meaning, place: place,
      read: { owner, file, name in
        if file.contains(name) { owner[keyPath: place] = try file.decodeIfPresent(Value.self, forKey: name) }
      },
      value: { $0[keyPath: place].map { $0 as any Encodable } }, problem: { $0[keyPath: place].flatMap(problem) })
  }

  /// A name that says what other settings begin as; it is read first and never written.
  public static func start(
    _ name: String, _ values: String, _ meaning: String, _ owner: @escaping (String) -> Owner?
  ) -> Self {
    Self(
      name: name, values: values, meaning: meaning,
      read: { target, file, key in
        guard let given = try file.decodeIfPresent(String.self, forKey: key) else { return }
        guard let start = owner(given) else {
          throw DecodingError.dataCorruptedError(
            forKey: key, in: file, debugDescription: "'\(given)' is not one of \(values).")
        }
        target = start
      },
      value: { _ in nil })
  }

  /// Leaves the setting out of what is written while it has its default: files from before it existed stay as they are.
  public func writtenUnlessStandard<Value: Equatable>(_ place: KeyPath<Owner, Value>) -> Self
  where Owner: SettingGroup {
    var setting = self
    setting.value = { $0[keyPath: place] == Owner()[keyPath: place] ? nil : value($0) }
    return setting
  }

  /// Changes other settings whenever this one is read; those that the file gives too come behind it in the list.
  public func alsoSetting(_ others: @escaping (inout Owner) -> Void) -> Self {
    var setting = self
    setting.read = { owner, file, name in
      try read(&owner, file, name)
      others(&owner)
    }
    return setting
  }

  public static func flag(_ name: String, _ place: WritableKeyPath<Owner, Bool>, _ meaning: String) -> Self {
    value(name, place, "true or false", meaning)
  }

  public static func number<Value: Codable & Comparable>(
    _ name: String, _ place: WritableKeyPath<Owner, Value>, _ range: SettingRange<Value>, _ meaning: String
  ) -> Self {
    value(name, place, range.values, meaning) { refusal(name, $0, range) }
  }

  public static func number<Value: Codable & Comparable>(
    _ name: String, _ place: WritableKeyPath<Owner, Value?>, _ range: SettingRange<Value>, _ meaning: String
  ) -> Self {
    value(name, place, range.values, meaning) { refusal(name, $0, range) }
  }

  private static func refusal<Value>(_ name: String, _ value: Value, _ range: SettingRange<Value>) -> String? {
    range.contains(value) ? nil : "\(name) must \(range.words), not \(value)."
  }

  /// A list of numbers.
  public static func numbers<Value: Codable & Comparable>(
    _ name: String, _ place: WritableKeyPath<Owner, [Value]>, _ range: SettingRange<Value>, _ meaning: String
  ) -> Self {
    value(name, place, "numbers, each \(range.values)", meaning) { numbers in
      numbers.allSatisfy(range.contains) ? nil : "\(name) must \(range.words), not \(numbers)."
    }
  }

  /// Two numbers, the first not above the second.
  public static func interval<Value: Codable & Comparable>(
    _ name: String, _ place: WritableKeyPath<Owner, [Value]>, _ range: SettingRange<Value>, _ meaning: String
  ) -> Self {
    value(name, place, "two ascending numbers, each \(range.values)", meaning) { numbers in
      numbers.count == 2 && numbers[0] <= numbers[1] && numbers.allSatisfy(range.contains)
        ? nil : "\(name) needs two ascending numbers, each \(range.values), not \(numbers)."
    }
  }
}
