/// An object of a manifest, of which every member must be read: a name that nobody knows is a mistake.
struct ManifestObject {
  private let members: [(name: String, value: JSONValue)]
  private let place: String

  /// - Parameter place: where it stands, for messages.
  init(_ value: JSONValue, _ place: String) throws {
    guard case .object(let members) = value else {
      throw ManifestError("\(place) is \(value.noun) instead of an object")
    }
    self.members = members
    self.place = place
  }

  func requireOnly(_ names: Set<String>) throws {
    if let unknown = members.first(where: { !names.contains($0.name) }) {
      throw ManifestError(
        "\(place) has the unknown member \"\(unknown.name)\"; known are \(names.sorted().joined(separator: ", "))")
    }
  }

  var names: [String] { members.map(\.name) }

  func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }

  func required(_ name: String) throws -> JSONValue {
    guard let found = value(name) else { throw ManifestError("\(place) lacks \"\(name)\"") }
    return found
  }

  func string(_ name: String) throws -> String {
    let found = try required(name)
    guard case .string(let text) = found, !text.isEmpty, !text.contains("\0") else {
      throw ManifestError("\"\(name)\" of \(place) is \(found.noun) instead of a text")
    }
    return text
  }

  func integer(_ name: String) throws -> Int? {
    guard let found = value(name) else { return nil }
    guard case .integer(let number) = found else {
      throw ManifestError("\"\(name)\" of \(place) is \(found.noun) instead of a whole number")
    }
    return number
  }

  func list(_ name: String) throws -> [JSONValue] {
    guard let found = value(name) else { return [] }
    guard case .array(let elements) = found else {
      throw ManifestError("\"\(name)\" of \(place) is \(found.noun) instead of a list")
    }
    return elements
  }

  func strings(_ name: String) throws -> [String] {
    try list(name).map { element in
      guard case .string(let text) = element, !text.isEmpty, !text.contains("\0") else {
        throw ManifestError("\"\(name)\" of \(place) holds \(element.noun) instead of a text")
      }
      return text
    }
  }
}
