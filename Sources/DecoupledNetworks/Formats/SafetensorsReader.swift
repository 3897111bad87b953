import DecoupledBase
import DecoupledCore
import FoundationEssentials

/// A safetensors file: named tensors that view the mapped file, and string metadata.
///
/// Layout: a little-endian 64-bit length, that many bytes of JSON, then the data. Everything the header says is checked
/// against the file before a tensor is made.
public struct SafetensorsReader: Sendable {
  public let path: String
  public let metadata: [String: String]
  public let tensors: [String: Tensor]

  /// Largest header that is read, in bytes, as the format's own readers have it.
  public static let maximumHeader = 100_000_000

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

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
          entries[key.stringValue] = try values.decode(Entry.self, forKey: key)
        }
      }
    }
  }

  /// - Throws: `EngineError`: `notFound`, `io`, or `format` with the tensor or rule that is broken.
  public init(path: String) throws {
    self.path = path
    let file = try MappedFile(path: path)
    let storage = TensorStorage(base: file.base, byteCount: file.byteCount, mapsFile: true) { _ = file }
    func broken(_ what: String) -> EngineError {
      EngineError(.format, "'\(path)' is not a whole safetensors file: \(what).")
    }
    guard storage.byteCount >= 10 else { throw broken("it has only \(storage.byteCount) bytes") }
    // A text or a photo has some other byte here, and a length in front of it that says nothing to anybody.
    guard storage.base.load(fromByteOffset: 8, as: UInt8.self) == UInt8(ascii: "{") else {
      throw EngineError(.format, "'\(path)' is no safetensors file: no JSON header follows its first 8 bytes.")
    }
    let length = UInt64(littleEndian: storage.base.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumHeader), Int(length) <= storage.byteCount - 8 else {
      throw broken("its header of \(length) bytes does not fit the file of \(storage.byteCount)")
    }
    let data = Data(bytes: storage.base + 8, count: Int(length))
    let header: Header
    do { header = try JSONDecoder().decode(Header.self, from: data) } catch {
      throw broken("its header is damaged JSON or lacks a field")
    }
    let begin = 8 + Int(length)
    var tensors: [String: Tensor] = [:]
    var ranges: [(start: Int, end: Int, name: String)] = []
    for (name, entry) in header.entries {
      guard let type = Self.elementTypes[entry.dtype] else {
        throw EngineError(
          .unsupported, "'\(path)': the tensor '\(name)' has the element type '\(entry.dtype)', which is not read.")
      }
      guard entry.data_offsets.count == 2, entry.shape.count <= 8, let count = try? Tensor.elementCount(entry.shape),
        case (let start, let end) = (entry.data_offsets[0], entry.data_offsets[1]), start >= 0, start <= end,
        end <= storage.byteCount - begin,
        (end - start).quotientAndRemainder(dividingBy: type.byteCount) == (count, 0)
      else { throw broken("the tensor '\(name)' of shape \(entry.shape) does not fit its place in the file") }
      ranges.append((start, end, name))
      let view = Tensor(elementType: type, shape: entry.shape, storage: storage, byteOffset: begin + start)
      let aligned = (begin + start) % type.byteCount == 0
      tensors[name] = aligned ? view : try Self.alignedCopy(view)
    }
    var covered = 0
    for range in ranges.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard range.start == covered else { throw broken("the tensor '\(range.name)' overlaps another or leaves a gap") }
      covered = range.end
    }
    guard covered == storage.byteCount - begin else {
      throw broken("it is cut off or has bytes that belong to no tensor")
    }
    self.tensors = tensors
    metadata = header.metadata
  }

  /// Element types that are read, by their names in the format.
  static let elementTypes: [String: ElementType] = [
    "F32": .float32, "F16": .float16, "BF16": .bfloat16, "F64": .float64, "I8": .int8, "U8": .uint8, "BOOL": .uint8,
    "I32": .int32, "I64": .int64,
  ]

  private static func alignedCopy(_ view: Tensor) throws -> Tensor {
    let copy = try Tensor(zeros: view.shape, view.elementType)
    copy.bytes.copyMemory(from: view.bytes, byteCount: view.byteCount)
    return copy
  }
}
