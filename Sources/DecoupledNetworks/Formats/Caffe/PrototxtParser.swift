import DecoupledBase

/// The text format of protocol buffers as Caffe's `.prototxt` files use it: fields, messages in braces, comments.
struct PrototxtParser {
  enum Value {
    /// Numbers, words and texts as they are written.
    case scalar(String)
    case message(Message)
  }

  struct Message {
    var fields: [(name: String, value: Value)] = []

    func scalars(_ name: String) -> [String] {
      fields.compactMap { if $0.name == name, case .scalar(let text) = $0.value { text } else { nil } }
    }

    func messages(_ name: String) -> [Message] {
      fields.compactMap { if $0.name == name, case .message(let inner) = $0.value { inner } else { nil } }
    }
  }

  private let path: String
  private let bytes: [UInt8]
  private var position = 0

  /// Messages nested deeper than this are refused.
  private static let mostLevels = 32
  private static let mostFields = 1_000_000

  private var fieldCount = 0

  /// - Parameter path: names the file in errors.
  static func parse(_ bytes: [UInt8], path: String) throws -> Message {
    var parser = PrototxtParser(path: path, bytes: bytes)
    let message = try parser.message(closing: nil, level: 0)
    return message
  }

  private init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  private func wrong(_ what: String) -> EngineError {
    let line = bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
    return EngineError(.format, "'\(path)', line \(line): \(what).")
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current {
      if byte == UInt8(ascii: "#") {
        while let inner = current, inner != UInt8(ascii: "\n") { position += 1 }
      } else if byte == 32 || (9...13).contains(byte) {
        position += 1
      } else {
        return
      }
    }
  }

  private mutating func take(_ byte: Character) -> Bool {
    skipSpace()
    guard current == byte.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func message(closing: Character?, level: Int) throws -> Message {
    guard level <= Self.mostLevels else { throw wrong("messages are nested more than \(Self.mostLevels) deep") }
    var message = Message()
    while true {
      skipSpace()
      if let closing, take(closing) { return message }
      guard current != nil else {
        guard closing == nil else { throw wrong("the file ends inside a message; a '}' is missing") }
        return message
      }
      let name = try word()
      fieldCount += 1
      guard fieldCount <= Self.mostFields else { throw wrong("there are more than \(Self.mostFields) fields") }
      let hasColon = take(":")
      if take("{") {
        message.fields.append((name, .message(try self.message(closing: "}", level: level + 1))))
      } else if take("<") {
        message.fields.append((name, .message(try self.message(closing: ">", level: level + 1))))
      } else if hasColon, take("[") {
        while !take("]") {
          message.fields.append((name, .scalar(try scalar())))
          fieldCount += 1
          guard fieldCount <= Self.mostFields else { throw wrong("there are more than \(Self.mostFields) fields") }
          _ = take(",")
        }
      } else {
        guard hasColon else { throw wrong("'\(name)' is followed by neither ':' nor '{'") }
        message.fields.append((name, .scalar(try scalar())))
      }
      if !take(",") { _ = take(";") }
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private mutating func word() throws -> String {
    skipSpace()
    let start = position
    while let byte = current, Self.isWord(byte) { position += 1 }
    guard position > start else {
      if current == UInt8(ascii: "$") {
        throw wrong("a template such as ${NAME}; put the value in its place first")
      }
      throw wrong("a name or a value is missing")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func scalar() throws -> String {
    skipSpace()
    guard current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") else { return try word() }
    var text: [UInt8] = []
    // Texts side by side are one.
    while let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      position += 1
      while current != quote {
        guard let byte = current, byte != UInt8(ascii: "\n") else { throw wrong("a text has no closing quote") }
        position += 1
        if byte == UInt8(ascii: "\\") { text.append(try escaped()) } else { text.append(byte) }
      }
      position += 1
      skipSpace()
    }
    let result = String(decoding: text, as: UTF8.self)
    guard !result.contains("${") else { throw wrong("a template in '\(result)'; put the value in its place first") }
    return result
  }

  private mutating func escaped() throws -> UInt8 {
    guard let byte = current else { throw wrong("a text has no closing quote") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var value = Int(byte - 48)
      for _ in 0..<2 {
        guard let next = current, (48...55).contains(next), value * 8 + Int(next - 48) < 256 else { break }
        value = value * 8 + Int(next - 48)
        position += 1
      }
      return UInt8(value)
    default: return byte
    }
  }
}
