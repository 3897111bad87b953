import DecoupledBase

/// Moves through the elements of a MATLAB 5 file: those of the file itself, or those inside a compressed one, which are expanded
/// as they are read. Every size is checked against what it lies in before anything is read or kept.
final class MATLABCursor {
  /// What an element holds, by the numbers of the format; other numbers may occur.
  enum Kind {
    static let int8: UInt32 = 1, uint8: UInt32 = 2, int16: UInt32 = 3, uint16: UInt32 = 4, int32: UInt32 = 5
    static let uint32: UInt32 = 6, single: UInt32 = 7, double: UInt32 = 9, int64: UInt32 = 12, uint64: UInt32 = 13
    static let matrix: UInt32 = 14, compressed: UInt32 = 15
  }

  /// A piece of data behind its tag.
  struct Element {
    let kind: UInt32
    /// Where the data are.
    let range: Range<Int>
    /// Where the next element begins: data are padded to 8 bytes.
    let next: Int

    var count: Int { range.count }
  }

  let path: String
  /// Bytes passed, counted from the beginning of the file or of the expanded data.
  private(set) var position: Int
  private let bytes: [UInt8]
  private let inflated: InflateStream?

  /// Compressed elements that expand to more are refused.
  static let mostInflated = FileAccess.maximumSize
  private static let piece = 1 << 16

  /// A cursor at `position` of a file.
  init(_ bytes: [UInt8], at position: Int, path: String) {
    self.bytes = bytes
    self.position = position
    self.path = path
    inflated = nil
  }

  /// A cursor at the beginning of the data that a range of a file expands to.
  init(inflating range: Range<Int>, of bytes: [UInt8], path: String) throws {
    guard let stream = InflateStream(bytes, range: range, format: .zlib) else {
      throw EngineError(.outOfMemory, "There is no memory to decompress '\(path)'.")
    }
    inflated = stream
    self.bytes = bytes
    position = 0
    self.path = path
  }

  var damaged: EngineError { EngineError(.format, "'\(path)' is cut short or damaged; replace it.") }

  /// Reads exactly as many bytes as the buffer has.
  func read(into target: UnsafeMutableBufferPointer<UInt8>) throws {
    if let inflated {
      guard inflated.read(into: target) == target.count else { throw damaged }
    } else {
      guard target.count <= bytes.count - position else { throw damaged }
      _ = target.update(fromContentsOf: bytes[position..<(position + target.count)])
    }
    position += target.count
  }

  /// Passes what is left before `end` and gives it to `body` in pieces.
  func pieces(to end: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void = { _ in }) throws {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.piece) { buffer in
      while position < end {
        let part = UnsafeMutableBufferPointer(rebasing: buffer[..<min(Self.piece, end - position)])
        try read(into: part)
        try body(UnsafeBufferPointer(part))
      }
    }
  }

  /// The data of an element that has no business being large.
  func bytes(of element: Element, most: Int) throws -> [UInt8] {
    guard element.count <= most else { throw damaged }
    var result = [UInt8](repeating: 0, count: element.count)
    try result.withUnsafeMutableBufferPointer { try read(into: $0) }
    return result
  }

  private func word() throws -> UInt32 {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { buffer in
      try read(into: buffer)
      return buffer.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// Reads the tag of the next element, all of which lies before `end`.
  func element(before end: Int) throws -> Element {
    guard end - position >= 8 else { throw damaged }
    let first = try word()
    // Up to 4 bytes of data share 8 bytes with their tag.
    if case let small = Int(first >> 16), small > 0 {
      guard small <= 4 else { throw damaged }
      return Element(kind: first & 0xFFFF, range: position..<(position + small), next: position + 4)
    }
    let count = Int(try word())
    guard count <= end - position else { throw damaged }
    // Compressed elements are not padded, and the last one of a matrix need not be.
    let padded = first == Kind.compressed ? count : (count + 7) & ~7
    return Element(kind: first, range: position..<(position + count), next: min(position + padded, end))
  }

  func skip(to next: Int) throws {
    if inflated == nil {
      guard next <= bytes.count else { throw damaged }
      position = max(position, next)
    } else {
      try pieces(to: next)
    }
  }

  /// Checks that compressed data end here, as their check sum says.
  func finish() throws {
    guard let inflated else { return }
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8) { buffer in
      guard inflated.read(into: buffer) == 0, inflated.isWhole else { throw damaged }
    }
  }
}
