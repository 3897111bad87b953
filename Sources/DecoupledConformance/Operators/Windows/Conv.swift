import DecoupledCore

struct ConvEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let window = RandomWindow(&numbers)
    let (c, m, group, perGroup) = RandomWindow.channels(&numbers)
    let x = [numbers.int(1...3), c] + window.size(&numbers)
    return NodeSpec(
      .conv, [.tensor(x), .tensor([m, perGroup.0] + window.kernel)] + Self.bias(m, &numbers),
      window.attributes + group)
  }

  static func bias(_ count: Int, _ numbers: inout Numbers) -> [InputSpec] {
    switch numbers.int(0...3) {
    case 0: []
    case 1: [.absent]
    default: [.tensor([count])]
    }
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let (x, w) = (try inputs(0, rank: 4), try inputs(1, rank: 4))
    return [[x[0], w[0]] + (try node.windows(of: Array(w[2...]), over: Array(x[2...])))]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    Conv(try node.slidingWindow(Array(shapes[1]![2...])), group: node.integer("group"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let (x, w) = (try reader.image(), try reader.weights())
    return reader.made(
      .conv, [x, w, reader.operand(2)], try reader.geometry(x, Array(w.shape[2...])) + [reader.group])
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .withinImage }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    guard shape.count == 4 else { return nil }
    let kernel = numbers.chance(0.6) ? 3 : 1
    let m = numbers.channels()
    let pads = [Int](repeating: kernel / 2, count: 4)
    return NodeSpec(
      .conv, [.previous(0), .tensor([m, shape[1], kernel, kernel]), .tensor([m])], [.integers("pads", pads)])
  }

  func channels(_ node: NodeSpec) -> ChannelSample? {
    node.integer("group") == 1 ? ChannelSample(axis: 1, inputs: [1: 0, 2: 0]) : nil
  }
}

struct ConvWeightGradientEntry: GradientEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let window = RandomWindow(&numbers)
    let (c, m, group, _) = RandomWindow.channels(&numbers)
    let x = [numbers.int(1...3), c] + window.size(&numbers)
    let dy = [x[0], m] + window.windows(Array(x[2...]))
    return NodeSpec(
      .convWeightGradient, [.tensor(x), .tensor(dy)],
      [.integers("kernel_shape", window.kernel)] + window.attributes + group)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let c = try inputs(0, rank: 4)[1] / max(1, node.integer("group"))
    return [[try inputs(1, rank: 4)[1], c] + (try node.required("kernel_shape", 2))]
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
  func channels(_ node: NodeSpec) -> ChannelSample? {
    node.integer("group") == 1 ? ChannelSample(axis: 0, inputs: [1: 1]) : nil
  }
}
