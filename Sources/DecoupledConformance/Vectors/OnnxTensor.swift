import DecoupledBase
import DecoupledCore

/// A `TensorProto` of ONNX with its elements as real numbers.
struct OnnxTensor {
  private(set) var shape: [Int] = []
  private(set) var values: [Double] = []
  /// nil for a type that the contract does not have.
  private(set) var elementType: ElementType?
  private(set) var name = ""

  /// Larger ones are in no test vector; it bounds the memory.
  private static let mostBytes = 1 << 28

  init(path: String) throws {
    let file = try RandomAccessFile(path: path)
    let reader = ProtobufReader(FileCursor(file, kind: "tensor of ONNX"))
    let end = file.size
    var type = 0
    var raw: [UInt8]?
    var (dimensions, floats, integers, doubles) = ([UInt64](), [UInt64](), [UInt64](), [UInt64]())
    while let field = try reader.next(before: end) {
      switch field.number {
      case 1: try reader.numbers(field, before: end, into: &dimensions)
      case 2: type = try reader.size(field, before: end) ?? 0
      case 4: try reader.numbers(field, before: end, width: 4, into: &floats)
      case 5, 7: try reader.numbers(field, before: end, into: &integers)
      case 8: name = try reader.text(field, before: end) ?? ""
      case 9: raw = try reader.bytes(field, before: end, most: Self.mostBytes)
      case 10: try reader.numbers(field, before: end, width: 8, into: &doubles)
      default: try reader.skip(field, before: end)
      }
    }
    shape = dimensions.map { Int(truncatingIfNeeded: $0) }
    // Numbers of ONNX's TensorProto.DataType; booleans are bytes.
    let types: [Int: ElementType] = [
      1: .float32, 2: .uint8, 3: .int8, 6: .int32, 7: .int64, 9: .uint8, 10: .float16, 11: .float64,
    ]
    elementType = types[type]
    let count = try Tensor.elementCount(shape)
    guard let elementType else { return }
    if let raw {
      let width = elementType.byteCount
      guard raw.count == count * width else {
        throw reader.cursor.broken("a number of elements that does not fit its shape")
      }
      var start = raw.startIndex
      values = (0..<count).map { _ in
        let bits = raw[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        start += width
        return Self.value(bits, elementType)
      }
    } else {
      let lists = [floats, integers, doubles].first { !$0.isEmpty } ?? []
      values = lists.map { Self.value($0, elementType) }
      guard values.count == count else {
        throw reader.cursor.broken("a number of elements that does not fit its shape")
      }
    }
  }

  private static func value(_ bits: UInt64, _ type: ElementType) -> Double {
    switch type {
    case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .float64: Double(bitPattern: bits)
    case .float16, .bfloat16: HalfPrecision.value(UInt16(truncatingIfNeeded: bits))
    case .int8: Double(Int8(truncatingIfNeeded: bits))
    case .uint8: Double(UInt8(truncatingIfNeeded: bits))
    case .int32: Double(Int32(truncatingIfNeeded: bits))
    case .int64: Double(Int64(bitPattern: bits))
    }
  }

  var integers: [Int] { values.map { Int($0) } }
}
