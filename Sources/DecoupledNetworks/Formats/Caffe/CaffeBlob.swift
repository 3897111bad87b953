import DecoupledBase
import DecoupledCore

/// A blob of a Caffe file: its shape, and where its values are.
struct CaffeBlob {
  private var shape: [Int]?
  /// num, channels, height, width of old files.
  private var old: [Int?] = [nil, nil, nil, nil]
  private var floats: [StoredTensor.Run] = []
  private var doubles: [StoredTensor.Run] = []
  private var raw: [StoredTensor.Run] = []
  private var rawType: ElementType?

  /// A blob may be cut into this many pieces; files that cut it into more were made to fill the memory.
  private static let mostRuns = 64

  /// Reads the message that ends at `end`. Values are skipped, gradients too.
  init(_ reader: ProtobufReader, before end: Int) throws {
    while let field = try reader.next(before: end) {
      switch field.number {
      case 1...4: old[field.number - 1] = try reader.size(field, before: end)
      case 5: try Self.note(reader, field, end, .fixed32, 4, &floats)
      case 7:
        var dimensions: [Int] = []
        try reader.message(field, before: end) { field, end in
          if field.number == 1 {
            try reader.sizes(field, before: end, into: &dimensions)
          } else {
            try reader.skip(field, before: end)
          }
        }
        shape = dimensions
      case 8: try Self.note(reader, field, end, .fixed64, 8, &doubles)
      case 10:
        // NVIDIA's Caffe: DOUBLE, FLOAT, FLOAT16.
        let types: [Int: ElementType] = [0: .float64, 1: .float32, 2: .float16]
        rawType = try reader.size(field, before: end).flatMap { types[$0] }
      case 12:
        guard field.wire == .bytes else {
          try reader.skip(field, before: end)
          continue
        }
        let stop = try reader.bytesEnd(before: end)
        raw = [.init(offset: reader.cursor.position, count: stop - reader.cursor.position, step: 1)]
        try reader.cursor.skip(stop - reader.cursor.position, before: stop)
      default: try reader.skip(field, before: end)
      }
    }
  }

  /// Notes where values are: packed ones side by side, others with a key before each.
  private static func note(
    _ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int, _ single: ProtobufReader.Wire, _ width: Int,
    _ runs: inout [StoredTensor.Run]
  ) throws {
    let cursor = reader.cursor
    if field.wire == single {
      let offset = cursor.position
      try cursor.skip(width, before: end)
      if var last = runs.last {
        if last.count == 1 { last.step = offset - last.offset }
        if last.offset + last.count * last.step == offset {
          last.count += 1
          runs[runs.count - 1] = last
          return
        }
      }
      runs.append(.init(offset: offset, count: 1, step: width))
    } else if field.wire == .bytes {
      let stop = try reader.bytesEnd(before: end)
      let length = stop - cursor.position
      guard length % width == 0 else { throw cursor.broken("\(length) bytes of \(width)-byte numbers") }
      if length > 0 { runs.append(.init(offset: cursor.position, count: length / width, step: width)) }
      try cursor.skip(length, before: stop)
    } else {
      try reader.skip(field, before: end)
    }
    guard runs.count <= mostRuns else { throw cursor.broken("a blob in more than \(mostRuns) pieces") }
  }

  /// - Throws: `format` when the values do not fill the shape.
  func tensor(_ name: String, _ file: RandomAccessFile) throws -> StoredTensor {
    var (type, runs) = (ElementType.float32, floats)
    if runs.isEmpty, !doubles.isEmpty { (type, runs) = (.float64, doubles) }
    if runs.isEmpty, let first = raw.first {
      guard let rawType else {
        throw EngineError(.unsupported, "'\(file.path)': '\(name)' holds raw data of a type that is not read.")
      }
      type = rawType
      runs = [.init(offset: first.offset, count: first.count / type.byteCount, step: type.byteCount)]
    }
    let count = runs.reduce(0) { $0 + $1.count }
    let isOld = shape == nil && old.contains { $0 != nil }
    let dimensions = shape ?? (isOld ? old.map { $0 ?? 0 } : [count])
    guard (try? Tensor.elementCount(dimensions)) == count else {
      throw EngineError(
        .format, "'\(file.path)': '\(name)' has \(count) values, its shape \(dimensions) asks for another number.")
    }
    return StoredTensor(name, shape: dimensions, type, file: file, runs: runs)
  }
}
