/// Settings that are declared in one list, which serves for reading them from JSON or YAML, for writing them, for refusing
/// unknown names and values out of range, and for describing them.
///
/// Settings that are left out of a file keep their defaults, those of `init()`.
public protocol SettingGroup: Codable, Sendable, Equatable {
  init()
  /// What errors and documents call the group, such as "the solver".
  static var groupName: String { get }
  /// In the order in which they are read, checked and described.
  static var settings: [Setting<Self>] { get }
  /// Groups with a name, which a file may give in place of the settings; none unless a type has some.
  static var presets: [(name: String, group: Self)] { get }
  /// What is wrong with values that fit each by itself, in words; nil when they go together.
  var conflict: String? { get }
}

extension SettingGroup {
  public static var presets: [(name: String, group: Self)] { [] }
  public var conflict: String? { nil }

  public init(from decoder: any Decoder) throws {
    self.init()
    try read(from: decoder)
  }

  /// Takes over what is there and leaves everything else as it is.
  /// - Throws: `DecodingError` naming the first setting that does not exist or is of the wrong kind.
  public mutating func read(from decoder: any Decoder) throws {
    let presets = Self.presets
    if !presets.isEmpty, let name = try? decoder.singleValueContainer().decode(String.self) {
      guard let preset = presets.first(where: { $0.name == name }) else {
        let names = presets.map(\.name).joined(separator: ", ")
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "'\(name)' is not one of \(names)."))
      }
      self = preset.group
      return
    }
    let values = try decoder.container(keyedBy: SettingName.self)
    let settings = Self.settings
    let known = Set(settings.map(\.name))
    for key in values.allKeys where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath + [key], debugDescription: "there is no such setting of \(Self.groupName)."))
    }
    for setting in settings {
      let name = SettingName(setting.name)
      if values.contains(name) {
        try setting.read(&self, values, name)
      } else if setting.isRequired {
        throw DecodingError.keyNotFound(name, .init(codingPath: decoder.codingPath, debugDescription: ""))
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: SettingName.self)
    for setting in Self.settings {
      guard let value = setting.value(self) else { continue }
      try values.encode(value, forKey: SettingName(setting.name))
    }
  }

  /// The first setting that cannot work, with its range and its value, in a sentence; nil when there is none.
  public var problem: String? {
    for setting in Self.settings {
      if let problem = setting.problem(self) { return problem }
    }
    return conflict
  }

  /// What the setting that is kept at a place does, and the values it may have; nil when it is none.
  public static func description(of place: PartialKeyPath<Self>) -> String? {
    settings.first { $0.place == place }.map { setting in
      guard let values = setting.values, let first = values.first else { return setting.meaning }
      return "\(setting.meaning) \(first.uppercased())\(values.dropFirst())."
    }
  }

  /// All settings, those of inner groups behind the group.
  public static func entries(at path: [String] = [], defaults: Self = Self()) -> [SettingEntry] {
    settings.flatMap { setting in
      let place = path + [setting.name]
      return [
        SettingEntry(
          path: place, group: groupName, values: setting.values, standard: setting.value(defaults),
          meaning: setting.meaning)
      ] + (setting.members?(defaults, place) ?? [])
    }
  }
}
