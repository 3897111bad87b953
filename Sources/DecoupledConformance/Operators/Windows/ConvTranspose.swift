import DecoupledCore

struct ConvTransposeEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let window = RandomWindow(&numbers)
    // Large enough that padding leaves something.
    let (c, m, group, perGroup) = RandomWindow.channels(&numbers)
    let x = [numbers.int(1...3), c] + window.size(&numbers).map { $0 + 3 }
    var attributes = window.attributes + group
    if numbers.chance(0.4) {
      attributes.append(.integers("output_padding", window.strides.map { numbers.int(0...($0 - 1)) }))
    }
    return NodeSpec(
      .convTranspose, [.tensor(x), .tensor([c, perGroup.1] + window.kernel)] + ConvEntry.bias(m, &numbers), attributes)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let (x, w) = (try inputs(0, rank: 4), try inputs(1, rank: 4))
    let (strides, pads, dilations) = try node.geometry()
    let padding = try node.required("output_padding", 2)
    let size = (0..<2).map { axis -> Int in
      let extent = dilations[axis] * (w[2 + axis] - 1) + 1
      let full = (x[2 + axis] - 1) * strides[axis] + extent
      return full - pads[axis] - pads[axis + 2] + padding[axis]
    }
    return [[x[0], w[1] * node.integer("group")] + size]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? {
    ConvTranspose(
      try node.slidingWindow(Array(shapes[1]![2...])), outputPadding: try node.required("output_padding", 2),
      group: node.integer("group"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let (x, w) = (try reader.image(), try reader.weights())
    let padding = reader.node.integers["output_padding"] ?? [0, 0]
    var wanted = reader.node.integers["output_shape"]
    if (reader.node.texts["auto_pad"] ?? "NOTSET").hasPrefix("SAME"), wanted == nil {
      let strides = reader.node.integers["strides"] ?? [1, 1]
      wanted = (0..<2).map { x.shape[2 + $0] * strides[$0] }
    }
    // A size that is asked for comes from pads; what they cannot give is output padding.
    let geometry = try reader.geometry(
      x, Array(w.shape[2...]), transposed: wanted.map { zip($0, padding).map { $0 - $1 } })
    return reader.made(
      .convTranspose, [x, w, reader.operand(2)], geometry + [.integers("output_padding", padding), reader.group])
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .withinImage }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    guard shape.count == 4 else { return nil }
    let kernel = numbers.chance(0.6) ? 3 : 1
    let m = numbers.channels()
    let pads = [Int](repeating: kernel / 2, count: 4)
    return NodeSpec(
      .convTranspose, [.previous(0), .tensor([shape[1], m, kernel, kernel]), .tensor([m])], [.integers("pads", pads)])
  }

  func channels(_ node: NodeSpec) -> ChannelSample? {
    node.integer("group") == 1 ? ChannelSample(axis: 1, inputs: [1: 1, 2: 0]) : nil
  }
}
