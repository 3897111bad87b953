/// Reads a file from front to back through a small window, with errors that name the file and the place.
public final class FileCursor {
  public let file: RandomAccessFile
  /// What the file should be, for errors: "Caffe file".
  private let kind: String
  public private(set) var position: Int
  private var window: [UInt8]
  private var windowStart = 0
  private var windowCount = 0

  public init(_ file: RandomAccessFile, kind: String, at position: Int = 0) {
    self.file = file
    self.kind = kind
    self.position = position
    window = [UInt8](repeating: 0, count: min(1 << 16, file.size))
  }

  public func broken(_ what: String) -> EngineError {
    EngineError(.format, "'\(file.path)' is not a whole \(kind): \(what) at byte \(position).")
  }

  /// - Throws: when `count` bytes do not fit before `end`.
  public func require(_ count: Int, before end: Int) throws {
    let end = min(end, file.size)
    guard count >= 0, position <= end, count <= end - position else { throw broken("it ends in the middle") }
  }

  public func byte(before end: Int) throws -> UInt8 {
    try require(1, before: end)
    if position < windowStart || position >= windowStart + windowCount {
      windowCount = min(window.count, file.size - position)
      windowStart = position
      let count = windowCount
      try window.withUnsafeMutableBytes {
        try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
      }
    }
    position += 1
    return window[position - 1 - windowStart]
  }

  public func skip(_ count: Int, before end: Int) throws {
    try require(count, before: end)
    position += count
  }

  /// A little-endian number of `count` bytes, at most 8.
  public func number(_ count: Int, before end: Int) throws -> UInt64 {
    try require(count, before: end)
    var value: UInt64 = 0
    for shift in 0..<count { value |= UInt64(try byte(before: end)) << UInt64(8 * shift) }
    return value
  }

  /// Bytes as they are; `most` bounds the memory.
  public func bytes(_ count: Int, before end: Int, most: Int) throws -> [UInt8] {
    try require(count, before: end)
    guard count <= most else { throw broken("a text of \(count) bytes, more than the \(most) that are read,") }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for _ in 0..<count { result.append(try byte(before: end)) }
    return result
  }

  /// Text; what is not UTF-8 is replaced.
  public func text(_ count: Int, before end: Int, most: Int) throws -> String {
    String(decoding: try bytes(count, before: end, most: most), as: UTF8.self)
  }
}
