/// A value of a JSON text (RFC 8259), read strictly: no comments, no trailing commas, no name twice.
///
/// A plugin carries no Foundation, and Debian's static JSON libraries cannot be linked into one.
indirect enum JSONValue {
  case null
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case string(String)
  case array([JSONValue])
  case object([(name: String, value: JSONValue)])

  /// - Throws: `ManifestError` that names the line.
  init(_ text: [UInt8]) throws {
    var reader = JSONReader(text)
    self = try reader.document()
  }

  /// For messages.
  var noun: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}

private struct JSONReader {
  private static let largestDepth = 32
  private let text: [UInt8]
  private var place = 0
  private var depth = 0

  init(_ text: [UInt8]) { self.text = text }

  mutating func document() throws -> JSONValue {
    let result = try value()
    skipSpace()
    guard place == text.count else { throw failure("something follows the end") }
    return result
  }

  private func failure(_ what: String) -> ManifestError {
    ManifestError("line \(1 + text[..<min(place, text.count)].count { $0 == UInt8(ascii: "\n") }): \(what)")
  }

  private var next: UInt8? { place < text.count ? text[place] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw failure("'\(character)' is missing") }
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.largestDepth else { throw failure("it is nested deeper than \(Self.largestDepth)") }
    switch next {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
    guard text[place...].starts(with: word.utf8) else { throw failure("a value is missing") }
    place += word.utf8.count
    return value
  }

  private mutating func object() throws -> JSONValue {
    try expect("{")
    var members: [(name: String, value: JSONValue)] = []
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      let name = try string()
      guard !members.contains(where: { $0.name == name }) else { throw failure("\"\(name)\" stands there twice") }
      try expect(":")
      members.append((name, try value()))
    } while take(",")
    try expect("}")
    return .object(members)
  }

  private mutating func array() throws -> JSONValue {
    try expect("[")
    var elements: [JSONValue] = []
    if take("]") { return .array(elements) }
    repeat { elements.append(try value()) } while take(",")
    try expect("]")
    return .array(elements)
  }

  private mutating func string() throws -> String {
    guard next == UInt8(ascii: "\"") else { throw failure("a string in quotes is missing") }
    place += 1
    var bytes: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      place += 1
      guard byte >= 0x20 else { throw failure("a string holds a control character") }
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      bytes += try escape()
    }
    guard next != nil else { throw failure("a string has no end") }
    place += 1
    guard let result = String(validating: bytes, as: UTF8.self) else { throw failure("a string is not UTF-8") }
    return result
  }

  private mutating func escape() throws -> [UInt8] {
    guard let byte = next else { throw failure("a string has no end") }
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"):
      let digits = text[place..<min(place + 4, text.count)]
      guard digits.count == 4, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw failure("a string holds an escape that is no character") }
      place += 4
      return Array(String(Character(scalar)).utf8)
    default: throw failure("a string holds an unknown escape")
    }
  }

  private mutating func number() throws -> JSONValue {
    let start = place
    while let byte = next, "+-.0123456789eE".utf8.contains(byte) { place += 1 }
    let word = String(decoding: text[start..<place], as: UTF8.self)
    let digits = word.drop { $0 == "-" }
    let hasLeadingZero = digits.first == "0" && digits.dropFirst().first?.isNumber == true
    guard digits.first?.isNumber == true, digits.last?.isNumber == true, !hasLeadingZero, !word.hasPrefix("--") else {
      throw failure(word.isEmpty ? "a value is missing" : "'\(word)' is no number")
    }
    if let integer = Int(word) { return .integer(integer) }
    guard word.contains(where: { ".eE".contains($0) }), let real = Double(word), real.isFinite else {
      throw failure("'\(word)' is no number")
    }
    return .real(real)
  }
}
