/// A value that is one of a few names.
public protocol SettingChoice: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == String {}

extension SettingChoice {
  /// All names, with commas.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  fileprivate static func read(
    _ file: KeyedDecodingContainer<SettingName>, _ name: SettingName
  ) throws -> Self? {
    guard let given = try file.decodeIfPresent(String.self, forKey: name) else { return nil }
    guard let choice = Self(rawValue: given) else {
      throw DecodingError.dataCorruptedError(
        forKey: name, in: file, debugDescription: "'\(given)' is not one of \(names).")
    }
    return choice
  }
}

extension Setting {
  public static func choice<Value: SettingChoice>(
    _ name: String, _ place: WritableKeyPath<Owner, Value>, _ meaning: String, isRequired: Bool = false
  ) -> Self {
    Self(
      name: name, values: Value.names, meaning: meaning, isRequired: isRequired, place: place,
      read: { owner, file, name in
        if let choice = try Value.read(file, name) { owner[keyPath: place] = choice }
      },
      value: { $0[keyPath: place] })
  }

  public static func choice<Value: SettingChoice>(
    _ name: String, _ place: WritableKeyPath<Owner, Value?>, _ meaning: String
  ) -> Self {
    Self(
      name: name, values: Value.names, meaning: meaning, place: place,
      read: { owner, file, name in owner[keyPath: place] = try Value.read(file, name) },
      value: { $0[keyPath: place].map { $0 as any Encodable } })
  }
}
