import DecoupledCore

struct AveragePoolEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let window = RandomWindow(pool: &numbers)
    let x = [numbers.int(1...3), numbers.channels()] + window.size(&numbers)
    return NodeSpec(
      .averagePool, [.tensor(x)],
      [.integers("kernel_shape", window.kernel)] + window.attributes + Self.included(&numbers))
  }

  static func included(_ numbers: inout Numbers) -> [Attribute] {
    numbers.chance(0.3) ? [.flag("count_include_pad", true)] : []
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let x = try inputs(0, rank: 4)
    return [Array(x[..<2]) + (try node.windows(of: node.required("kernel_shape", 2), over: Array(x[2...])))]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    node.flag("count_include_pad") ? nil : AveragePool(try node.slidingWindow(node.required("kernel_shape", 2)))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let x = try reader.image()
    guard reader.integer("ceil_mode", 0) == 0 else { throw OnnxVector.Excluded("ceil_mode of AveragePool") }
    var attributes = try reader.pool(x)
    if reader.integer("count_include_pad", 0) != 0 { attributes.append(.flag("count_include_pad", true)) }
    return reader.made(.averagePool, [x], attributes)
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .withinImage }
}

struct AverageUnpoolEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let window = RandomWindow(pool: &numbers)
    let size = window.size(&numbers)
    let x = [numbers.int(1...3), numbers.channels()] + window.windows(size)
    return NodeSpec(
      .averageUnpool, [.tensor(x)],
      [.integers("output_shape", size), .integers("kernel_shape", window.kernel)] + window.attributes
        + AveragePoolEntry.included(&numbers))
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    [Array(try inputs(0, rank: 4)[..<2]) + (try node.required("output_shape", 2))]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    if node.flag("count_include_pad") { return nil }
    return AverageUnpool(
      try node.slidingWindow(node.required("kernel_shape", 2)), outputSize: try node.required("output_shape", 2))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { throw OnnxVector.Excluded("another operator") }
  func specials(_ node: NodeSpec) -> SpecialValues { .withinImage }
}
