import DecoupledCore

/// A `TensorProto` of ONNX with its elements as real numbers.
struct OnnxTensor {
  private(set) var shape: [Int] = []
  private(set) var values: [Double] = []
  /// nil for a type that the contract does not have.
  private(set) var elementType: ElementType?
  private(set) var name = ""

  init(_ bytes: ArraySlice<UInt8>) throws {
    var reader = WireReader(bytes)
    var type = 0
    var raw: ArraySlice<UInt8>?
    var floats: [UInt64] = []
    var integers: [UInt64] = []
    var doubles: [UInt64] = []
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, _): shape += try WireReader.numbers(value).map { Int(truncatingIfNeeded: $0) }
      case (2, .number(let number)): type = Int(number)
      case (4, _): floats += try WireReader.fixedNumbers(value, width: 4)
      case (5, _), (7, _): integers += try WireReader.numbers(value)
      case (8, .bytes(let text)): name = String(decoding: text, as: UTF8.self)
      case (9, .bytes(let data)): raw = data
      case (10, _): doubles += try WireReader.fixedNumbers(value, width: 8)
      default: break
      }
    }
    // Numbers of ONNX's TensorProto.DataType; booleans are bytes.
    let types: [Int: ElementType] = [
      1: .float32, 2: .uint8, 3: .int8, 6: .int32, 7: .int64, 9: .uint8, 10: .float16, 11: .float64,
    ]
    elementType = types[type]
    let count = try Tensor.elementCount(shape)
    guard let elementType else { return }
    if let raw {
      let width = elementType.byteCount
      guard raw.count == count * width else { throw WireReader.damaged }
      var start = raw.startIndex
      values = (0..<count).map { _ in
        let bits = raw[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        start += width
        return Self.value(bits, elementType)
      }
    } else {
      let lists = [floats, integers, doubles].first { !$0.isEmpty } ?? []
      values = lists.map { Self.value($0, elementType) }
      guard values.count == count else { throw WireReader.damaged }
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

/// The one node of a model of ONNX's node tests.
struct OnnxNode {
  private(set) var operation = ""
  /// Names of its inputs, "" for absent ones, and of the graph's inputs in order.
  private(set) var inputs: [String] = []
  private(set) var outputs: [String] = []
  private(set) var graphInputs: [String] = []
  private(set) var graphOutputs: [String] = []
  private(set) var integers: [String: [Int]] = [:]
  private(set) var reals: [String: Double] = [:]
  private(set) var texts: [String: String] = [:]

  /// nil where the model has more than one node.
  init?(model bytes: ArraySlice<UInt8>) throws {
    var nodes: [ArraySlice<UInt8>] = []
    try Self.each(bytes) { field, value in
      guard field == 7, case .bytes(let graph) = value else { return }
      try Self.each(graph) { field, value in
        guard case .bytes(let content) = value else { return }
        switch field {
        case 1: nodes.append(content)
        case 11: graphInputs.append(try Self.name(content))
        case 12: graphOutputs.append(try Self.name(content))
        default: break
        }
      }
    }
    guard nodes.count == 1 else { return nil }
    try Self.each(nodes[0]) { field, value in
      guard case .bytes(let content) = value else { return }
      let text = String(decoding: content, as: UTF8.self)
      switch field {
      case 1: inputs.append(text)
      case 2: outputs.append(text)
      case 4: operation = text
      case 5: try addAttribute(content)
      default: break
      }
    }
  }

  private mutating func addAttribute(_ bytes: ArraySlice<UInt8>) throws {
    let name = try Self.name(bytes)
    try Self.each(bytes) { field, value in
      switch (field, value) {
      case (2, .number(let bits)): reals[name] = Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case (3, .number(let bits)): integers[name] = [Int(truncatingIfNeeded: bits)]
      case (4, .bytes(let text)): texts[name] = String(decoding: text, as: UTF8.self)
      case (8, _): integers[name, default: []] += try WireReader.numbers(value).map { Int(truncatingIfNeeded: $0) }
      default: break
      }
    }
  }

  private static func name(_ bytes: ArraySlice<UInt8>) throws -> String {
    var found = ""
    try each(bytes) { field, value in
      if field == 1, case .bytes(let text) = value { found = String(decoding: text, as: UTF8.self) }
    }
    return found
  }

  private static func each(_ bytes: ArraySlice<UInt8>, _ body: (Int, WireReader.Value) throws -> Void) throws {
    var reader = WireReader(bytes)
    while let (field, value) = try reader.next() { try body(field, value) }
  }
}
