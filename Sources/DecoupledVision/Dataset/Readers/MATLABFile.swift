import DecoupledBase

/// Files of MATLAB's level 5 format, which `save` writes with `-v7` (compressed) and `-v6`, as far as matrices of labels in a
/// structure need it. The format: "MAT-File Level 5 File Format", The MathWorks.
struct MATLABFile {
  private let path: String
  private let bytes: [UInt8]

  private static let header = 128
  /// Classes of arrays by the numbers of the format.
  private enum Class {
    static let structure: UInt8 = 2
    static let numeric: ClosedRange<UInt8> = 6...15
  }
  private static let complexFlag: UInt8 = 0x08
  private static let mostDimensions = 32
  private static let mostName = 1 << 10
  private static let mostNames = 1 << 16

  /// What stands at the beginning of every array.
  private struct Matrix {
    let kind: UInt8
    let isComplex: Bool
    let dimensions: [Int]
    let name: [UInt8]
    /// Where it ends.
    let end: Int

    var count: Int { dimensions.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1 } }
  }

  /// - Throws: `EngineError` when the file is missing or not of this format.
  init(_ path: String) throws {
    self.path = path
    bytes = try FileAccess.read(path)
    let mark = bytes.count >= Self.header ? Array(bytes[124..<Self.header]) : []
    switch mark {
    case [0, 1, 0x49, 0x4D]: break
    case [1, 0, 0x4D, 0x49], [2, 0, 0x4D, 0x49]:
      throw EngineError(
        .format, "'\(path)' has its numbers in big-endian order, which is not read; save it again on a common computer."
      )
    case [0, 2, 0x49, 0x4D]:
      throw EngineError(.format, "'\(path)' is a MATLAB 7.3 (HDF5) file; save it in MATLAB with the option -v7 or -v6.")
    default: throw EngineError(.format, "'\(path)' is no MATLAB 5 file; save it in MATLAB with the option -v7 or -v6.")
    }
  }

  /// The matrix in the field of a variable, a structure with one element. Other variables and fields are passed without being
  /// kept.
  /// - Throws: `EngineError` when the file is damaged or cut short, or has no such matrix of whole numbers from 0 to 255.
  func labels(variable: String, field: String) throws -> LabelMap {
    let file = MATLABCursor(bytes, at: Self.header, path: path)
    var found: LabelMap?
    guard file.position < bytes.count else { throw file.damaged }
    // Also behind what is looked for, so that a file that was cut short is refused whatever its end held.
    while file.position < bytes.count {
      let element = try file.element(before: bytes.count)
      if found == nil {
        if element.kind == MATLABCursor.Kind.compressed {
          found = try inflated(element, variable, field)
        } else if element.kind == MATLABCursor.Kind.matrix {
          found = try labels(file, element, variable, field)
        }
      }
      try file.skip(to: element.next)
    }
    guard let found else {
      throw EngineError(.format, "'\(path)' has no structure \(variable) with a field \(field).")
    }
    return found
  }

  private func inflated(_ element: MATLABCursor.Element, _ variable: String, _ field: String) throws -> LabelMap? {
    let cursor = try MATLABCursor(inflating: element.range, of: bytes, path: path)
    let inner = try cursor.element(before: MATLABCursor.mostInflated)
    guard inner.kind == MATLABCursor.Kind.matrix else { throw cursor.damaged }
    guard let labels = try labels(cursor, inner, variable, field) else { return nil }
    try cursor.skip(to: inner.range.upperBound)
    try cursor.finish()
    return labels
  }

  /// Nil when the matrix is another variable.
  private func labels(
    _ cursor: MATLABCursor, _ element: MATLABCursor.Element, _ variable: String, _ field: String
  ) throws -> LabelMap? {
    let structure = try matrix(cursor, element)
    guard structure.name.elementsEqual(variable.utf8) else { return nil }
    guard structure.kind == Class.structure, structure.count == 1 else {
      throw EngineError(.format, "'\(path)': \(variable) is no structure with one element.")
    }
    for name in try fieldNames(cursor, before: structure.end) {
      let value = try cursor.element(before: structure.end)
      if name.elementsEqual(field.utf8) {
        guard value.kind == MATLABCursor.Kind.matrix else { throw cursor.damaged }
        return try labels(cursor, try matrix(cursor, value), "\(variable).\(field)")
      }
      try cursor.skip(to: value.next)
    }
    throw EngineError(.format, "'\(path)': the structure \(variable) has no field \(field).")
  }

  private func fieldNames(_ cursor: MATLABCursor, before end: Int) throws -> [[UInt8]] {
    let lengthElement = try cursor.element(before: end)
    guard lengthElement.kind == MATLABCursor.Kind.int32, lengthElement.count == 4 else { throw cursor.damaged }
    let length = Self.number(try cursor.bytes(of: lengthElement, most: 4))
    try cursor.skip(to: lengthElement.next)
    let element = try cursor.element(before: end)
    let text = try cursor.bytes(of: element, most: Self.mostNames)
    try cursor.skip(to: element.next)
    guard (1...Self.mostName).contains(length), text.count % length == 0 else { throw cursor.damaged }
    return stride(from: 0, to: text.count, by: length).map { start in
      Array(text[start..<(start + length)].prefix { $0 != 0 })
    }
  }

  private func matrix(_ cursor: MATLABCursor, _ element: MATLABCursor.Element) throws -> Matrix {
    let end = element.range.upperBound
    let flags = try cursor.element(before: end)
    guard flags.kind == MATLABCursor.Kind.uint32, flags.count == 8 else { throw cursor.damaged }
    let word = try cursor.bytes(of: flags, most: 8)
    let sizes = try cursor.element(before: end)
    guard sizes.kind == MATLABCursor.Kind.int32, sizes.count >= 8, sizes.count % 4 == 0 else { throw cursor.damaged }
    let words = try cursor.bytes(of: sizes, most: 4 * Self.mostDimensions)
    try cursor.skip(to: sizes.next)
    let dimensions = stride(from: 0, to: words.count, by: 4).map { Self.number(words[$0..<($0 + 4)]) }
    guard dimensions.allSatisfy({ $0 <= Int(Int32.max) }) else { throw cursor.damaged }
    let name = try cursor.element(before: end)
    let text = try cursor.bytes(of: name, most: Self.mostName)
    try cursor.skip(to: name.next)
    return Matrix(
      kind: word[0], isComplex: word[1] & Self.complexFlag != 0, dimensions: dimensions, name: text, end: end)
  }

  private static func number(_ bytes: some BidirectionalCollection<UInt8>) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// The values of a matrix, which are stored column by column and often in a smaller type than the matrix has.
  private func labels(_ cursor: MATLABCursor, _ matrix: Matrix, _ name: String) throws -> LabelMap {
    guard Class.numeric.contains(matrix.kind), !matrix.isComplex, matrix.dimensions.count == 2 else {
      throw EngineError(.format, "'\(path)': \(name) is no matrix of real numbers.")
    }
    let (height, width) = (matrix.dimensions[0], matrix.dimensions[1])
    try ImageLimits.check(width: width, height: height, what: "'\(path)': \(name)")
    let values = try cursor.element(before: matrix.end)
    guard let type = MATLABNumber(values.kind), values.count == width * height * type.byteCount else {
      throw cursor.damaged
    }
    // Grows with what is there, not with what is announced. The pieces are a multiple of every type's size.
    var columns: [UInt8] = []
    try cursor.pieces(to: values.range.upperBound) { piece in
      for start in stride(from: 0, to: piece.count, by: type.byteCount) {
        guard let label = type.label(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(piece)[start...])) else {
          throw EngineError(.format, "'\(path)': \(name) holds a number that is no class from 0 to 255.")
        }
        columns.append(label)
      }
    }
    var map = LabelMap(width: width, height: height)
    map.labels.withUnsafeMutableBufferPointer { labels in
      for (place, label) in columns.enumerated() { labels[place % height * width + place / height] = label }
    }
    return map
  }
}

/// How the numbers of a matrix are stored.
private enum MATLABNumber {
  case int8, uint8, int16, uint16, int32, uint32, single, double, int64, uint64

  /// Nil when an element of this kind holds no numbers.
  init?(_ kind: UInt32) {
    switch kind {
    case MATLABCursor.Kind.int8: self = .int8
    case MATLABCursor.Kind.uint8: self = .uint8
    case MATLABCursor.Kind.int16: self = .int16
    case MATLABCursor.Kind.uint16: self = .uint16
    case MATLABCursor.Kind.int32: self = .int32
    case MATLABCursor.Kind.uint32: self = .uint32
    case MATLABCursor.Kind.single: self = .single
    case MATLABCursor.Kind.double: self = .double
    case MATLABCursor.Kind.int64: self = .int64
    case MATLABCursor.Kind.uint64: self = .uint64
    default: return nil
    }
  }

  var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .single: 4
    case .double, .int64, .uint64: 8
    }
  }

  /// The number at the beginning of `bytes`; nil when it is no whole one from 0 to 255.
  func label(_ bytes: UnsafeRawBufferPointer) -> UInt8? {
    switch self {
    case .int8: UInt8(exactly: bytes.loadUnaligned(as: Int8.self))
    case .uint8: bytes.load(as: UInt8.self)
    case .int16: UInt8(exactly: Int16(littleEndian: bytes.loadUnaligned(as: Int16.self)))
    case .uint16: UInt8(exactly: UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self)))
    case .int32: UInt8(exactly: Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)))
    case .uint32: UInt8(exactly: UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    case .single:
      UInt8(exactly: Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))))
    case .double:
      UInt8(exactly: Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))))
    case .int64: UInt8(exactly: Int64(littleEndian: bytes.loadUnaligned(as: Int64.self)))
    case .uint64: UInt8(exactly: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
    }
  }
}
