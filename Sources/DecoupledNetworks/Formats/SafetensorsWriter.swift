import DecoupledBase
import DecoupledCore

/// Writes a safetensors file whose data begins on a 64-byte boundary, so that it can be mapped and used as it is.
public enum SafetensorsWriter {
  private struct Entry: Encodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  private struct Header: Encodable {
    let metadata: [String: String]
    let entries: [String: Entry]

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      if !metadata.isEmpty { try container.encode(metadata, forKey: Key("__metadata__")) }
      for (name, entry) in entries { try container.encode(entry, forKey: Key(name)) }
    }

    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
  }

  /// Writes all tensors, contiguous ones only; either the whole file is there afterwards or nothing new.
  /// - Throws: when the folder is missing, the disk is full or writing is not allowed.
  public static func write(_ tensors: [String: Tensor], metadata: [String: String], to path: String) throws {
    let parts = tensors.map {
      Part(name: $0.key, tensor: StoredTensor($0.key, $0.value), elementType: $0.value.elementType)
    }
    try write(parts, metadata: metadata, to: path)
  }

  /// A tensor to be written, and the type it gets in the file.
  struct Part {
    let name: String
    let tensor: StoredTensor
    /// The tensor's own, or for real numbers float32 or float16.
    let elementType: ElementType

    var byteCount: Int { tensor.elementCount * elementType.byteCount }
  }

  /// Writes tensors piece by piece, which need not be in memory.
  static func write(_ tensors: [Part], metadata: [String: String], to path: String) throws {
    // Sizes that are multiples of the alignment first: then only the small tensors at the end are unaligned.
    let order = tensors.sorted { a, b in
      let (first, second) = (a.byteCount % 64 == 0 ? 0 : 1, b.byteCount % 64 == 0 ? 0 : 1)
      return (first, -a.elementType.byteCount, a.name) < (second, -b.elementType.byteCount, b.name)
    }
    var entries: [String: Entry] = [:]
    var offset = 0
    for part in order {
      guard let type = typeNames[part.elementType], entries[part.name] == nil else {
        throw EngineError(.internal, "The tensor '\(part.name)' cannot be written as it is.")
      }
      entries[part.name] = Entry(
        dtype: type, shape: part.tensor.shape, data_offsets: [offset, offset + part.byteCount])
      offset += part.byteCount
    }
    var header = [UInt8](try JSONText.of(Header(metadata: metadata, entries: entries)).utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (64 - (8 + header.count) % 64) % 64)
    try FileAccess.write(to: path) { sink in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian, sink.put)
      try header.withUnsafeBytes(sink.put)
      for part in order { try put(part, to: sink) }
    }
  }

  private static func put(_ part: Part, to sink: FileSink) throws {
    try part.tensor.forEachPiece { piece in
      let converted: Tensor
      if part.elementType == piece.elementType {
        converted = piece
      } else {
        converted = part.elementType == .float16 ? try piece.asFloat16() : try piece.asFloat32()
      }
      try sink.put(UnsafeRawBufferPointer(start: converted.bytes, count: converted.byteCount))
      withExtendedLifetime(converted) {}
    }
  }

  private static let typeNames: [ElementType: String] = [
    .float32: "F32", .float16: "F16", .bfloat16: "BF16", .float64: "F64", .int8: "I8", .uint8: "U8", .int32: "I32",
    .int64: "I64",
  ]
}
