import DecoupledCore
import DecoupledVision

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
    // Sizes that are multiples of the alignment first: then only the small tensors at the end are unaligned.
    let order = tensors.sorted { a, b in
      let (first, second) = (a.value.byteCount % 64 == 0 ? 0 : 1, b.value.byteCount % 64 == 0 ? 0 : 1)
      return (first, -a.value.elementType.byteCount, a.key) < (second, -b.value.elementType.byteCount, b.key)
    }
    var entries: [String: Entry] = [:]
    var offset = 0
    for (name, tensor) in order {
      guard tensor.isContiguous, let type = typeNames[tensor.elementType] else {
        throw EngineError(.internal, "The tensor '\(name)' cannot be written as it is.")
      }
      entries[name] = Entry(dtype: type, shape: tensor.shape, data_offsets: [offset, offset + tensor.byteCount])
      offset += tensor.byteCount
    }
    var header = [UInt8](try JSONText.of(Header(metadata: metadata, entries: entries)).utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (64 - (8 + header.count) % 64) % 64)
    try FileAccess.write(to: path) { sink in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian, sink.put)
      try header.withUnsafeBytes(sink.put)
      for (_, tensor) in order { try sink.put(UnsafeRawBufferPointer(start: tensor.bytes, count: tensor.byteCount)) }
    }
  }

  private static let typeNames: [ElementType: String] = [
    .float32: "F32", .float16: "F16", .bfloat16: "BF16", .float64: "F64", .int8: "I8", .uint8: "U8", .int32: "I32",
    .int64: "I64",
  ]
}
