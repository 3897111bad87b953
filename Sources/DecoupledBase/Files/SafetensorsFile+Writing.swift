extension SafetensorsFile {
  /// An array to be written, whose bytes are asked for when its turn comes, so that it need not be in memory.
  public struct Part {
    public let name: String
    public let type: SafetensorsType
    public let shape: [Int]
    let content: (FileSink) throws -> Void

    /// - Parameter content: hands over as many bytes as the shape has.
    public init(
      _ name: String, _ type: SafetensorsType, shape: [Int], content: @escaping (FileSink) throws -> Void
    ) {
      self.name = name
      self.type = type
      self.shape = shape
      self.content = content
    }

    /// Numbers in memory.
    public init<Number: SafetensorsNumber>(_ name: String, shape: [Int], _ values: [Number]) {
      self.init(name, Number.safetensorsType, shape: shape) { sink in try values.withUnsafeBytes(sink.put) }
    }

    var byteCount: Int { shape.reduce(type.byteCount, *) }
  }

  private struct HeaderEntry: Encodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  private struct Header: Encodable {
    let metadata: [String: String]
    let entries: [String: HeaderEntry]

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

  /// Writes a file whose data begins on a 64-byte boundary, so that it can be mapped and used as it is; either the whole
  /// file is there afterwards or nothing new.
  /// - Throws: when the folder is missing, the disk is full or writing is not allowed.
  public static func write(_ parts: [Part], metadata: [String: String], to path: String) throws {
    // Sizes that are multiples of the alignment first: then only the small arrays at the end are unaligned.
    let order = parts.sorted { a, b in
      let (first, second) = (a.byteCount % 64 == 0 ? 0 : 1, b.byteCount % 64 == 0 ? 0 : 1)
      return (first, -a.type.byteCount, a.name) < (second, -b.type.byteCount, b.name)
    }
    var entries: [String: HeaderEntry] = [:]
    var offset = 0
    for part in order {
      guard entries[part.name] == nil else {
        throw EngineError(.internal, "The tensor '\(part.name)' cannot be written as it is.")
      }
      entries[part.name] = HeaderEntry(
        dtype: part.type.rawValue, shape: part.shape, data_offsets: [offset, offset + part.byteCount])
      offset += part.byteCount
    }
    var header = [UInt8](try JSONText.of(Header(metadata: metadata, entries: entries)).utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (64 - (8 + header.count) % 64) % 64)
    try FileAccess.write(to: path) { sink in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian, sink.put)
      try header.withUnsafeBytes(sink.put)
      for part in order { try part.content(sink) }
    }
  }
}
