import DecoupledBackendKit
import DecoupledCore

struct MaxPoolEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let window = RandomWindow(pool: &numbers)
    let x = [numbers.int(1...3), numbers.channels()] + window.size(&numbers)
    let ceil: [Attribute] = numbers.chance(0.3) ? [.flag("ceil_mode", true)] : []
    return NodeSpec(
      .maxPool, [.tensor(x)], [.integers("kernel_shape", window.kernel)] + window.attributes + ceil,
      without: numbers.chance(0.3) ? [1] : [])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let x = try inputs(0, rank: 4)
    let pooled = Array(x[..<2]) + (try node.windows(of: node.required("kernel_shape", 2), over: Array(x[2...])))
    return [pooled, pooled]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    MaxPool(try node.slidingWindow(node.required("kernel_shape", 2)), ceilMode: node.flag("ceil_mode"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let x = try reader.image()
    var attributes = try reader.pool(x)
    if reader.integer("ceil_mode", 0) != 0 { attributes.append(.integer("ceil_mode", 1)) }
    var result = reader.made(.maxPool, [x], attributes)
    let plane = Double(x.shape[2] * x.shape[3])
    // ONNX counts places through all planes.
    let places =
      reader.outputs.count > 1 ? reader.outputs[1].values.map { $0.truncatingRemainder(dividingBy: plane) } : nil
    result.expected = [reader.outputs[0].values, places]
    if places == nil { result.spec.absentOutputs = [1] }
    return result
  }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    guard shape.count == 4, shape[2] > 1, shape[3] > 1 else { return nil }
    return NodeSpec(
      .maxPool, [.previous(0)], [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])],
      without: numbers.chance(0.3) ? [1] : [])
  }
}

struct MaxUnpoolEntry: OperatorEntry {
  let fills = ["indices": OperandRole.Fill.place(inResult: true)]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let x = [numbers.int(1...4), numbers.channels(), numbers.int(1...9), numbers.int(1...11)]
    // Twice as large, or by an odd line more, or any size.
    let any = numbers.chance(0.3)
    let size = x[2...].map { any ? numbers.int(1...20) : 2 * $0 + numbers.int(0...1) }
    let accumulate: [Attribute] = numbers.chance(0.4) ? [.flag("accumulate", true)] : []
    return NodeSpec(
      .maxUnpool, [.tensor(x)] + numbers.perImage(x), [.integers("output_shape", size)] + accumulate)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    [Array(try inputs(0, rank: 4)[..<2]) + (try node.required("output_shape", 2))]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    node.flag("accumulate") ? nil : MaxUnpool(outputSize: try node.required("output_shape", 2))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let (x, indices) = (try reader.image(), try reader.required(1))
    let size = Array(reader.outputs[0].shape[2...])
    var result = reader.made(.maxUnpool, [x, indices], [.integers("output_shape", size)])
    // ONNX counts places through all planes, and in the plane that the window gives, of which output_shape is an extension.
    let kernel = reader.node.integers["kernel_shape"] ?? [1, 1]
    let strides = reader.node.integers["strides"] ?? [1, 1]
    let pads = reader.node.integers["pads"] ?? [0, 0, 0, 0]
    let pooled = [0, 1].map { (axis: Int) -> Int in
      let padding = pads[axis] + pads[axis + 2]
      return (x.shape[2 + axis] - 1) * strides[axis] + kernel[axis] - padding
    }
    guard pooled[0] > 0, pooled[1] > 0, pooled[0] <= size[0], pooled[1] <= size[1] else {
      throw OnnxVector.Excluded("a result that is cut")
    }
    result.values[1] = indices.integers.map { index in
      let place = index % (pooled[0] * pooled[1])
      return Double(place / pooled[1] * size[1] + place % pooled[1])
    }
    return result
  }

  func specials(_ node: NodeSpec) -> SpecialValues { node.flag("accumulate") ? .anywhere : .exact }

  /// Of places that several values share the last one wins, which a difference cannot judge.
  func isSmooth(_ node: NodeSpec, _ shapes: [[Int]?], _ values: [[Double]]) -> Bool {
    guard let indices = shapes[1] else { return true }
    let plane = indices[2] * indices[3]
    return stride(from: 0, to: values[1].count, by: plane).allSatisfy { start in
      Set(values[1][start..<start + plane]).count == plane
    }
  }
}

struct MaxUnpoolGradientEntry: GradientEntry {
  let fills = ["indices": OperandRole.Fill.place(inResult: false)]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let dx = [numbers.int(1...4), numbers.channels(), numbers.int(1...9), numbers.int(1...11)]
    let dy = Array(dx[..<2]) + dx[2...].map { 2 * $0 + numbers.int(0...1) }
    return NodeSpec(.maxUnpoolGradient, [.tensor(dy)] + numbers.perImage(dx))
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    [Array(try inputs(0, rank: 4)[..<2]) + (try inputs(1, rank: 4)[2...])]
  }
}
