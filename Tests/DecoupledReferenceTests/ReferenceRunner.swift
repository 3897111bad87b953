import CDecoupled
import DecoupledReference
import Glibc

/// A tensor of a test: row-major values, stored with a gap behind each row when `gap` is not 0.
struct TestTensor: Equatable {
  var dims: [Int]
  var values: [Double]
  var type = Int(DCN_ELEMENT_F64)

  init(_ dims: [Int], _ values: [Double]) {
    self.dims = dims
    self.values = values
  }

  init(integers: [Int], dims: [Int]? = nil, type: Int = Int(DCN_ELEMENT_I32)) {
    self.init(dims ?? [integers.count], integers.map(Double.init))
    self.type = type
  }

  /// Values that look random and depend on `seed` alone.
  static func random(_ dims: [Int], _ seed: Int) -> TestTensor {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    return TestTensor(
      dims,
      (0..<dims.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 40) / Double(1 << 23) - 1
      })
  }

  func dot(_ other: TestTensor) -> Double { zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 } }

  /// The rows of axis 0 in another order or number.
  func gathering(_ rows: [Int]) -> TestTensor {
    let size = dims.dropFirst().reduce(1, *)
    var result = self
    result.dims[0] = rows.count
    result.values = rows.flatMap { values[$0 * size..<($0 + 1) * size] }
    return result
  }
}

/// The sentence of a refused node.
struct Refusal: Error, CustomStringConvertible {
  var description: String
}

/// Runs one node of the reference backend through its C table, as a host does.
enum ReferenceRunner {
  static func run(
    _ kind: Int, _ inputs: [TestTensor?], outputs: [[Int]?], integers: [String: [Int]] = [:],
    reals: [String: Double] = [:], outputTypes: [Int: Int] = [:], gap: Int = 0
  ) throws -> [TestTensor?] {
    let results = outputs.enumerated().map { index, dims in
      dims.map { dims -> TestTensor in
        var result = TestTensor(dims, [Double](repeating: 77, count: dims.reduce(1, *)))
        result.type = outputTypes[index] ?? Int(DCN_ELEMENT_F64)
        return result
      }
    }
    let memory = (inputs + results).map { $0.map { Memory($0, gap: gap) } }
    defer {
      for operand in memory { operand?.pointer.deallocate() }
    }
    let tensors = memory.map { $0?.tensor ?? dcn_tensor() }
    let operands = memory.map { memory -> dcn_operand in
      var operand = dcn_operand()
      operand.flags = memory == nil ? Int32(DCN_OPERAND_ABSENT) : 0
      operand.tensor = memory?.tensor ?? dcn_tensor()
      operand.tensor.buffer = nil
      return operand
    }
    let attributes = Attributes(integers, reals)
    defer { attributes.deallocate() }
    let names = strdup("layer1")
    defer { free(names) }

    try operands.withUnsafeBufferPointer { operands in
      try attributes.list.withUnsafeBufferPointer { list in
        var node = dcn_node()
        node.kind = Int32(kind)
        node.name = UnsafePointer(names)
        node.attributes = list.baseAddress
        node.attribute_count = Int32(list.count)
        node.inputs = operands.baseAddress
        node.input_count = Int32(inputs.count)
        node.outputs = operands.baseAddress.map { $0 + inputs.count }
        node.output_count = Int32(outputs.count)
        try run(node, tensors, inputs.count)
      }
    }
    return memory.dropFirst(inputs.count).map { $0?.read() }
  }

  private static func run(_ node: dcn_node, _ tensors: [dcn_tensor], _ inputCount: Int) throws {
    let table = ReferenceBackend.table.pointee
    var backend: OpaquePointer?
    var message = [CChar](repeating: 0, count: 400)
    func check(_ status: Int32) throws {
      if status != 0 { throw Refusal(description: String(cString: message)) }
    }
    try check(table.create(0, &backend, &message, message.count))
    defer { table.destroy(backend) }
    var node = node
    let isTaken = table.supports(backend, &node, 1) == 1
    var kernel: OpaquePointer?
    var info = dcn_kernel_info()
    try check(table.kernel_create(backend, &node, 1, &kernel, &info, &message, message.count))
    defer { table.kernel_destroy(kernel) }
    if !isTaken { throw Refusal(description: "a kernel is made for what was declined") }
    var context = dcn_run_context()
    context.lanes = 1
    context.host = host
    try tensors.withUnsafeBufferPointer { tensors in
      let status = table.run(
        kernel, tensors.baseAddress, Int32(inputCount), tensors.baseAddress.map { $0 + inputCount },
        Int32(tensors.count - inputCount), &context, &message, message.count)
      try check(status)
    }
  }

  private static let host: UnsafePointer<dcn_host> = {
    let host = UnsafeMutablePointer<dcn_host>.allocate(capacity: 1)
    host.initialize(to: dcn_host())
    host.pointee.parallel_for = { _, count, task, data in
      for index in 0..<count { task?(index, 0, data) }
      return 0
    }
    return UnsafePointer(host)
  }()
}

/// A tensor in memory, with `gap` unused elements behind each of its rows.
private struct Memory {
  let pointer: UnsafeMutableRawPointer
  let tensor: dcn_tensor
  private let shape: TestTensor
  private let width: Int
  private let step: Int

  init(_ source: TestTensor, gap: Int) {
    shape = source
    width = max(1, source.dims.last!)
    step = width + gap
    let size = source.type == Int(DCN_ELEMENT_I32) ? 4 : 8
    pointer = .allocate(byteCount: max(1, source.values.count / width * step * size), alignment: 64)
    var tensor = dcn_tensor()
    tensor.element_type = Int32(source.type)
    tensor.buffer = pointer
    tensor.rank = Int32(source.dims.count)
    var stride = 1
    for axis in source.dims.indices.reversed() {
      withUnsafeMutableBytes(of: &tensor.dims) {
        $0.storeBytes(of: Int64(source.dims[axis]), toByteOffset: axis * 8, as: Int64.self)
      }
      withUnsafeMutableBytes(of: &tensor.strides) {
        $0.storeBytes(of: Int64(stride), toByteOffset: axis * 8, as: Int64.self)
      }
      stride *= axis == source.dims.count - 1 ? step : source.dims[axis]
    }
    self.tensor = tensor
    for (index, value) in source.values.enumerated() {
      let place = index / width * step + index % width
      switch source.type {
      case Int(DCN_ELEMENT_I32): pointer.storeBytes(of: Int32(value), toByteOffset: place * 4, as: Int32.self)
      case Int(DCN_ELEMENT_I64): pointer.storeBytes(of: Int64(value), toByteOffset: place * 8, as: Int64.self)
      default: pointer.storeBytes(of: value, toByteOffset: place * 8, as: Double.self)
      }
    }
  }

  func read() -> TestTensor {
    var result = shape
    for index in result.values.indices {
      let place = index / width * step + index % width
      switch shape.type {
      case Int(DCN_ELEMENT_I32): result.values[index] = Double(pointer.load(fromByteOffset: place * 4, as: Int32.self))
      case Int(DCN_ELEMENT_I64): result.values[index] = Double(pointer.load(fromByteOffset: place * 8, as: Int64.self))
      default: result.values[index] = pointer.load(fromByteOffset: place * 8, as: Double.self)
      }
    }
    return result
  }
}

/// Attributes in C memory.
private struct Attributes {
  var list: [dcn_attribute] = []

  init(_ integers: [String: [Int]], _ reals: [String: Double]) {
    for (name, values) in integers {
      let memory = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, values.count))
      for (index, value) in values.enumerated() { memory[index] = Int64(value) }
      var attribute = dcn_attribute()
      attribute.name = UnsafePointer(strdup(name))
      attribute.count = Int32(values.count)
      attribute.integers = UnsafePointer(memory)
      list.append(attribute)
    }
    for (name, value) in reals {
      let memory = UnsafeMutablePointer<Double>.allocate(capacity: 1)
      memory.pointee = value
      var attribute = dcn_attribute()
      attribute.name = UnsafePointer(strdup(name))
      attribute.count = 1
      attribute.reals = UnsafePointer(memory)
      list.append(attribute)
    }
  }

  func deallocate() {
    for attribute in list {
      free(UnsafeMutablePointer(mutating: attribute.name))
      attribute.integers?.deallocate()
      attribute.reals?.deallocate()
    }
  }
}
