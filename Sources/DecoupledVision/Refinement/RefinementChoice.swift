/// A refinement with its settings, as users name it: in JSON its name, or an object of `name` and settings.
public struct RefinementChoice: Codable, Sendable, Equatable {
  public let name: String
  /// Those that were given; the others have their defaults.
  public let settings: [String: Double]
  public let refinement: any Refinement

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static let name = Key(stringValue: "name")
  }

  /// - Throws: `invalidArgument` for a name or setting that does not exist, or a value out of its range.
  public init(_ name: String, _ settings: [String: Double] = [:]) throws {
    self.name = name
    self.settings = settings
    refinement = try Refinements.make(name, settings)
  }

  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      try self.init(name)
      return
    }
    let values = try decoder.container(keyedBy: Key.self)
    let settings = values.allKeys.filter { $0.stringValue != Key.name.stringValue }
    try self.init(
      values.decode(String.self, forKey: .name),
      Dictionary(uniqueKeysWithValues: settings.map { ($0.stringValue, try values.decode(Double.self, forKey: $0)) }))
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(name, forKey: .name)
    for (name, value) in settings { try values.encode(value, forKey: Key(stringValue: name)) }
  }

  public static func == (a: Self, b: Self) -> Bool { a.name == b.name && a.settings == b.settings }
}
