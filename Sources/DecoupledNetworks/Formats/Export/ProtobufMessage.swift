import DecoupledCore
import DecoupledVision

/// A protocol buffer that is being put together. Tensors in it are read when the message is written, so that memory does not grow
/// with the file.
struct ProtobufMessage {
  private enum Piece {
    case bytes([UInt8])
    /// Values as little-endian float32.
    case floats(StoredTensor)
  }

  private var pieces: [Piece] = []
  private(set) var size = 0

  /// Messages of this size and above cannot be read by protobuf's libraries.
  static let limit = 1 << 31

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

  mutating func integer(_ field: Int, _ value: Int) {
    append(Self.key(field, wire: 0) + Self.varint(UInt64(bitPattern: Int64(value))))
  }

  mutating func integers(_ field: Int, _ values: [Int]) { for value in values { integer(field, value) } }

  mutating func float(_ field: Int, _ value: Float) {
    append(Self.key(field, wire: 5) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
  }

  mutating func bytes(_ field: Int, _ value: [UInt8]) {
    append(Self.key(field, wire: 2) + Self.varint(UInt64(value.count)) + value)
  }

  mutating func text(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

  /// Appends the fields of another message.
  mutating func append(_ other: ProtobufMessage) {
    pieces += other.pieces
    size += other.size
  }

  mutating func message(_ field: Int, _ inner: ProtobufMessage) {
    append(Self.key(field, wire: 2) + Self.varint(UInt64(inner.size)))
    append(inner)
  }

  mutating func message(_ field: Int, _ build: (inout ProtobufMessage) throws -> Void) rethrows {
    var inner = ProtobufMessage()
    try build(&inner)
    message(field, inner)
  }

  /// The values of a tensor as little-endian float32: packed floats, or ONNX's raw data.
  mutating func floats(_ field: Int, _ tensor: StoredTensor) {
    let count = tensor.elementCount * MemoryLayout<Float>.size
    append(Self.key(field, wire: 2) + Self.varint(UInt64(count)))
    pieces.append(.floats(tensor))
    size += count
  }

  /// Writes the message; either the whole file is there afterwards or nothing new.
  /// - Throws: `unsupported` when it is larger than any reader takes.
  func write(to path: String, kind: String) throws {
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
        case .floats(let tensor): try tensor.forEachFloats { try sink.put(UnsafeRawBufferPointer($0)) }
        }
      }
    }
  }
}
