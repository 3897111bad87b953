import DecoupledBase

/// The part of OpenCV's YAML dialect that its forests use: a mapping of names to whole numbers, and lists of rows of numbers.
///
/// Nothing is kept but what is asked for, so that a hostile file costs no more memory than its own size.
struct OpenCVYAML {
  /// The caller's, who keeps them. An array would be counted at every byte in a build that is not optimised.
  private let bytes: UnsafeBufferPointer<UInt8>
  private let name: String
  private var place = 0
  private var line = 1

  init(_ bytes: UnsafeBufferPointer<UInt8>, name: String) {
    self.bytes = bytes
    self.name = name
  }

  func wrong(_ what: String) -> EngineError {
    EngineError(.format, "'\(name)' is no forest of OpenCV (line \(line)): \(what).")
  }

  private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func advance() {
    if bytes[place] == UInt8(ascii: "\n") { line += 1 }
    place += 1
  }

  private mutating func skipSpace() {
    while place < bytes.count {
      let byte = bytes[place]
      guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { return }
      if byte == UInt8(ascii: "\n") { line += 1 }
      place += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) throws {
    skipSpace()
    guard current == UInt8(ascii: character) else { throw wrong("'\(character)' is missing") }
    advance()
  }

  /// Passes the first lines, "%YAML:1.0" and "---".
  mutating func begin() throws {
    while let byte = current, byte == UInt8(ascii: "%") || byte == UInt8(ascii: "-") {
      while let byte = current, byte != UInt8(ascii: "\n") {
        _ = byte
        advance()
      }
      skipSpace()
    }
  }

  /// The name of the next entry; nil at the end.
  mutating func nextKey() throws -> String? {
    skipSpace()
    guard current != nil else { return nil }
    let key = word()
    guard !key.isEmpty else { throw wrong("a name is missing") }
    try take(":")
    return key
  }

  private mutating func word() -> String {
    let start = place
    while let byte = current, Self.isWord(byte) { advance() }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
      || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// The indented lines "name: number" below an entry.
  mutating func options() throws -> [String: Int] {
    var found: [String: Int] = [:]
    while true {
      let before = (place, line)
      skipSpace()
      guard current != nil else { return found }
      // A name at the beginning of a line is the next entry.
      if bytes[place - 1] == UInt8(ascii: "\n") {
        (place, line) = before
        return found
      }
      let key = word()
      guard !key.isEmpty, found[key] == nil else { throw wrong("an option has no name or is there twice") }
      try take(":")
      skipSpace()
      found[key] = Int(try whole())
    }
  }

  /// Rows "- [ 1, 2, 3 ]" below an entry.
  mutating func rows<Number>(_ number: (inout OpenCVYAML) throws -> Number) throws -> [[Number]] {
    var rows: [[Number]] = []
    skipSpace()
    while current == UInt8(ascii: "-") {
      advance()
      try take("[")
      var row: [Number] = []
      skipSpace()
      while current != UInt8(ascii: "]") {
        if !row.isEmpty {
          try take(",")
          skipSpace()
        }
        row.append(try number(&self))
        skipSpace()
      }
      advance()
      rows.append(row)
      skipSpace()
    }
    guard !rows.isEmpty else { throw wrong("a list has no rows") }
    return rows
  }

  private var isInToken: Bool {
    guard let byte = current else { return false }
    return Self.isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
  }

  private mutating func token() -> String {
    let start = place
    while isInToken { place += 1 }
    return String(decoding: bytes[start..<min(place, start + 64)], as: UTF8.self)
  }

  /// Most of a file are such numbers, so they are read without a text in between.
  mutating func whole() throws -> Int32 {
    let start = place
    let negative = current == UInt8(ascii: "-")
    if negative || current == UInt8(ascii: "+") { place += 1 }
    let firstDigit = place
    var number = 0
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), number <= Int(Int32.max) {
      number = number * 10 + Int(byte - UInt8(ascii: "0"))
      place += 1
    }
    guard place > firstDigit, let result = Int32(exactly: negative ? -number : number), !isInToken else {
      place = start
      throw wrong("'\(token())' is no whole number")
    }
    return result
  }

  mutating func real() throws -> Float {
    let text = token()
    guard let number = Float(text.hasSuffix(".") ? text + "0" : text), number.isFinite else {
      throw wrong("'\(text)' is no number")
    }
    return number
  }
}
