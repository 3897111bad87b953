import FoundationEssentials

/// Large JSON files by their parts: finds where the elements of a few top-level lists lie, so that each can be decoded on
/// its own and most of them later, or never.
public struct JSONMembers {
  public let path: String
  /// For each wanted list that is there the bytes of its elements.
  public let elements: [String: [Range<Int>]]

  /// - Throws: `EngineError` when the bytes are no JSON object, as far as that has to be looked at.
  public init(_ bytes: [UInt8], path: String, lists: Set<String>) throws {
    self.path = path
    elements = try bytes.withUnsafeBufferPointer { bytes in
      var scanner = Scanner(bytes: bytes, path: path)
      return try scanner.members(lists)
    }
  }

  /// Decodes one element.
  /// - Throws: `EngineError` naming file and setting.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: ArraySlice<UInt8>, of path: String, what: String
  ) throws -> Value {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw EngineError(.format, "'\(path)': \(what) cannot be used: \(JSONProblem.sentence(error))")
    }
  }

  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    let path: String
    var place = 0

    init(bytes: UnsafeBufferPointer<UInt8>, path: String) {
      self.bytes = bytes
      self.path = path
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    }

    mutating func members(_ wanted: Set<String>) throws -> [String: [Range<Int>]] {
      var found: [String: [Range<Int>]] = [:]
      try expect("{")
      if try peek() == UInt8(ascii: "}") { return found }
      repeat {
        _ = try peek()
        let key = try value()
        try expect(":")
        let name = String(decoding: bytes[key].dropFirst().dropLast(), as: UTF8.self)
        if wanted.contains(name), try peek() == UInt8(ascii: "[") {
          found[name] = try list()
        } else {
          _ = try value()
        }
      } while try more(before: "}")
      return found
    }

    private mutating func list() throws -> [Range<Int>] {
      try expect("[")
      var elements: [Range<Int>] = []
      if try peek() == UInt8(ascii: "]") {
        place += 1
        return elements
      }
      repeat { elements.append(try value()) } while try more(before: "]")
      return elements
    }

    /// Skips a comma (true) or the closing bracket (false).
    private mutating func more(before end: Unicode.Scalar) throws -> Bool {
      let byte = try peek()
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: end) else { throw wrong }
      place += 1
      return byte == UInt8(ascii: ",")
    }

    /// The bytes of a value of any kind, without looking closer at it.
    private mutating func value() throws -> Range<Int> {
      let first = try peek()
      let start = place
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
        var depth = 0
        repeat {
          switch try current() {
          case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
          case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
          case UInt8(ascii: "\""): try string()
          default: break
          }
          place += 1
        } while depth > 0
      } else if first == UInt8(ascii: "\"") {
        try string()
        place += 1
      } else {
        while place < bytes.count, !isEnd(bytes[place]) { place += 1 }
        guard place > start else { throw wrong }
      }
      return start..<place
    }

    /// Moves from a quote to the closing one.
    private mutating func string() throws {
      place += 1
      while try current() != UInt8(ascii: "\"") { place += try current() == UInt8(ascii: "\\") ? 2 : 1 }
    }

    private func isEnd(_ byte: UInt8) -> Bool {
      byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
    }

    private func current() throws -> UInt8 {
      guard place < bytes.count else { throw wrong }
      return bytes[place]
    }

    /// The next byte that is no white space.
    private mutating func peek() throws -> UInt8 {
      while try current() <= 0x20 { place += 1 }
      return bytes[place]
    }

    private mutating func expect(_ sign: Unicode.Scalar) throws {
      guard try peek() == UInt8(ascii: sign) else { throw wrong }
      place += 1
    }

    private var wrong: EngineError {
      EngineError(
        .format, "'\(path)' is damaged or no JSON object: byte \(place) of \(bytes.count) is not what must be there.")
    }
  }
}
