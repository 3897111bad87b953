import FoundationEssentials

/// A mapped safetensors file: arrays by name, and string metadata.
///
/// Layout: a little-endian 64-bit length, that many bytes of JSON, then the data. Everything the header says is checked
/// against the file.
public struct SafetensorsFile: Sendable {
  /// Where an array lies.
  public struct Entry: Sendable {
    public let type: SafetensorsType
    public let shape: [Int]
    /// Bytes of the file.
    public let range: Range<Int>
  }

  public let path: String
  public let metadata: [String: String]
  public let entries: [String: Entry]
  public let file: MappedFile

  /// Largest header that is read, in bytes, as the format's own readers have it.
  public static let maximumHeader = 100_000_000

  private struct HeaderEntry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]

    /// Bytes behind the header; nil when they do not fit the shape.
    func range(_ type: SafetensorsType) -> Range<Int>? {
      guard data_offsets.count == 2, shape.count <= 8, case (let start, let end) = (data_offsets[0], data_offsets[1]),
        start >= 0, start <= end
      else { return nil }
      var count = type.byteCount
      for size in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
        guard size >= 0, !overflow else { return nil }
        count = product
      }
      return end - start == (shape.contains(0) ? 0 : count) ? start..<end : nil
    }
  }

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var entries: [String: HeaderEntry] = [:]

    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      for key in values.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = try values.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try values.decode(HeaderEntry.self, forKey: key)
        }
      }
    }
  }

  /// - Throws: `EngineError`: `notFound`, `io`, or `format` with the array or rule that is broken, or `unsupported` for a type
  ///   of numbers that is not read.
  public init(path: String) throws {
    self.path = path
    let file = try MappedFile(path: path)
    func broken(_ what: String) -> EngineError {
      EngineError(.format, "'\(path)' is not a whole safetensors file: \(what).")
    }
    guard file.byteCount >= 10 else { throw broken("it has only \(file.byteCount) bytes") }
    // A text or a photo has some other byte here, and a length in front of it that says nothing to anybody.
    guard file.base.load(fromByteOffset: 8, as: UInt8.self) == UInt8(ascii: "{") else {
      throw EngineError(.format, "'\(path)' is no safetensors file: no JSON header follows its first 8 bytes.")
    }
    let length = UInt64(littleEndian: file.base.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumHeader), Int(length) <= file.byteCount - 8 else {
      throw broken("its header of \(length) bytes does not fit the file of \(file.byteCount)")
    }
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(bytes: file.base + 8, count: Int(length)))
    } catch { throw broken("its header is damaged JSON or lacks a field") }
    let begin = 8 + Int(length)
    var entries: [String: Entry] = [:]
    for (name, entry) in header.entries {
      guard let type = SafetensorsType(rawValue: entry.dtype) else {
        throw EngineError(
          .unsupported, "'\(path)': the tensor '\(name)' has the element type '\(entry.dtype)', which is not read.")
      }
      guard let range = entry.range(type), range.upperBound <= file.byteCount - begin else {
        throw broken("the tensor '\(name)' of shape \(entry.shape) does not fit its place in the file")
      }
      entries[name] = Entry(
        type: type, shape: entry.shape, range: begin + range.lowerBound..<begin + range.upperBound)
    }
    var covered = begin
    let order = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
    }
    for (name, entry) in order {
      guard entry.range.lowerBound == covered else {
        throw broken("the tensor '\(name)' overlaps another or leaves a gap")
      }
      covered = entry.range.upperBound
    }
    guard covered == file.byteCount else { throw broken("it is cut off or has bytes that belong to no tensor") }
    self.file = file
    self.entries = entries
    metadata = header.metadata
  }

  /// The numbers of an array; nil when there is none of that name and type.
  public func values<Number: SafetensorsNumber>(_ name: String, as _: Number.Type) -> [Number]? {
    guard let entry = entries[name], entry.type == Number.safetensorsType else { return nil }
    return [Number](unsafeUninitializedCapacity: entry.range.count / entry.type.byteCount) { numbers, count in
      UnsafeMutableRawBufferPointer(numbers).copyMemory(
        from: UnsafeRawBufferPointer(start: file.base + entry.range.lowerBound, count: entry.range.count))
      count = numbers.count
    }
  }
}
