/// A protocol buffer that is being put together. Large fields are made when the message is written, so that memory does not
/// grow with the file.
public struct ProtobufMessage {
  private enum Piece {
    case bytes([UInt8])
    case deferred((FileSink) throws -> Void)
  }

  private var pieces: [Piece] = []
  public private(set) var size = 0

  /// Messages of this size and above cannot be read by protobuf's libraries.
  public static let limit = 1 << 31

  public init() {}

  private mutating func append(_ bytes: [UInt8]) {
    size += bytes.count
    if case .bytes(let last) = pieces.last {
      pieces[pieces.count - 1] = .bytes(last + bytes)
    } else {
      pieces.append(.bytes(bytes))
    }
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func key(_ field: Int, wire: Int) -> [UInt8] { varint(UInt64(field << 3 | wire)) }

  public mutating func integer(_ field: Int, _ value: Int) {
    append(Self.key(field, wire: 0) + Self.varint(UInt64(bitPattern: Int64(value))))
  }

  public mutating func integers(_ field: Int, _ values: [Int]) { for value in values { integer(field, value) } }

  public mutating func float(_ field: Int, _ value: Float) {
    append(Self.key(field, wire: 5) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
  }

  public mutating func bytes(_ field: Int, _ value: [UInt8]) {
    append(Self.key(field, wire: 2) + Self.varint(UInt64(value.count)) + value)
  }

  public mutating func text(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

  /// Appends the fields of another message.
  public mutating func append(_ other: ProtobufMessage) {
    pieces += other.pieces
    size += other.size
  }

  public mutating func message(_ field: Int, _ inner: ProtobufMessage) {
    append(Self.key(field, wire: 2) + Self.varint(UInt64(inner.size)))
    append(inner)
  }

  public mutating func message(_ field: Int, _ build: (inout ProtobufMessage) throws -> Void) rethrows {
    var inner = ProtobufMessage()
    try build(&inner)
    message(field, inner)
  }

  /// `count` bytes that `content` hands over when the message is written.
  public mutating func bytes(_ field: Int, count: Int, _ content: @escaping (FileSink) throws -> Void) {
    append(Self.key(field, wire: 2) + Self.varint(UInt64(count)))
    pieces.append(.deferred(content))
    size += count
  }

  /// Writes the message; either the whole file is there afterwards or nothing new.
  /// - Throws: `unsupported` when it is larger than any reader takes.
  public func write(to path: String, kind: String) throws {
    guard size < Self.limit else {
      throw EngineError(
        .unsupported,
        "'\(path)' would have \(size) bytes, but \(kind) files end at 2 GiB (\(Self.limit) bytes); export a narrower network, or its parts one by one."
      )
    }
    try FileAccess.write(to: path) { sink in
      for piece in pieces {
        switch piece {
        case .bytes(let bytes): try bytes.withUnsafeBytes(sink.put)
        case .deferred(let content): try content(sink)
        }
      }
    }
  }
}
