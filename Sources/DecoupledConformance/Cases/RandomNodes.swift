import DecoupledCore

/// Operators with random attributes and with shapes that no vector or tile divides. Attributes at their defaults are
/// sometimes written out and sometimes not.
enum RandomNodes {
  static func node(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    switch kind {
    case .conv: RandomWindows.conv(&numbers)
    case .convTranspose: RandomWindows.convTranspose(&numbers)
    case .convWeightGradient: RandomWindows.convWeightGradient(&numbers)
    case .maxPool: RandomWindows.maxPool(&numbers)
    case .maxUnpool: RandomWindows.maxUnpool(&numbers)
    case .maxUnpoolGradient: RandomWindows.maxUnpoolGradient(&numbers)
    case .averagePool: RandomWindows.averagePool(&numbers)
    case .averageUnpool: RandomWindows.averageUnpool(&numbers)
    case .relu, .sigmoid: NodeSpec(kind, [.tensor(shape(&numbers))])
    case .reluGradient: perImage(kind, shape(&numbers), &numbers)
    case .mul, .add: broadcast(kind, &numbers)
    case .sigmoidGradient: mapped(kind, shape(&numbers), [], &numbers)
    case .softmax, .softmaxGradient: softmax(kind, &numbers)
    case .batchNormalization: batchNormalization(&numbers)
    case .batchNormalizationGradient: batchNormalizationGradient(&numbers)
    case .concat: concat(&numbers)
    case .slice: slice(&numbers)
    case .gemm: gemm(&numbers)
    case .reduceSum: reduceSum(&numbers)
    case .dropout:
      NodeSpec(
        kind, [.tensor(shape(&numbers)), .tensor([1])],
        numbers.chance(0.3) ? [] : [.real("ratio", numbers.pick([0, 0.25, 0.5, 0.9]))])
    case .resize, .resizeGradient: resize(kind, &numbers)
    case .sigmoidCrossEntropy: twice(kind, [numbers.int(1...5), numbers.int(1...40)])
    case .sigmoidCrossEntropyGradient:
      {
        let shape = [numbers.int(1...5), numbers.int(1...40)]
        return NodeSpec(kind, [.tensor([1]), .tensor(shape), .tensor(shape)])
      }()
    case .softmaxCrossEntropy, .softmaxCrossEntropyGradient: softmaxCrossEntropy(kind, &numbers)
    case .gather:
      NodeSpec(kind, [.tensor(shape(&numbers)), .tensor([numbers.int(1...7)])])
    case .scale:
      NodeSpec(kind, [.tensor(shape(&numbers))], [.real("factor", numbers.pick([-1.75, 0, 0.1, 3]))])
    case .convert: NodeSpec(kind, [.tensor(image(&numbers))])
    }
  }

  /// A shape of any rank that the networks use.
  private static func shape(_ numbers: inout Numbers) -> [Int] {
    switch numbers.int(0...5) {
    case 0: [numbers.int(1...70)]
    case 1: [numbers.int(1...5), numbers.int(1...70)]
    case 2: [numbers.int(1...4), numbers.int(1...9), numbers.int(1...33)]
    default: image(&numbers)
    }
  }

  static func image(_ numbers: inout Numbers) -> [Int] {
    [numbers.int(1...4), channels(&numbers), numbers.int(1...14), numbers.int(1...21)]
  }

  /// Channels around the widths of vectors and panels.
  static func channels(_ numbers: inout Numbers) -> Int {
    numbers.chance(0.4) ? numbers.pick([1, 3, 4, 8, 15, 16, 17, 31, 32, 33]) : numbers.int(1...24)
  }

  private static func twice(_ kind: OperatorKind, _ shape: [Int]) -> NodeSpec {
    NodeSpec(kind, [.tensor(shape), .tensor(shape)])
  }

  /// Two operands of one shape but for the batch.
  private static func perImage(_ kind: OperatorKind, _ rows: [Int], _ numbers: inout Numbers) -> NodeSpec {
    if numbers.chance(0.5) {
      return NodeSpec(kind, [.tensor(rows), .tensor(rows)] + (numbers.chance(0.5) ? [] : [.absent]))
    }
    let images = [numbers.int(1...3)] + rows.dropFirst()
    return NodeSpec(kind, [.tensor(rows), .tensor(images), .tensor([rows[0]])])
  }

  /// Two operands of one shape, or one value of the second for each plane.
  private static func broadcast(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    guard numbers.chance(0.4) else { return perImage(kind, shape(&numbers), &numbers) }
    let image = image(&numbers)
    var node = perImage(kind, image, &numbers)
    if case .tensor(let b) = node.inputs[1] { node.inputs[1] = .tensor([b[0], b[1], 1, 1]) }
    node.attributes = [.flag("broadcast", true)]
    return node
  }

  /// Two operands of one shape, or the second with a row per image.
  private static func mapped(
    _ kind: OperatorKind, _ shape: [Int], _ attributes: [Attribute], _ numbers: inout Numbers
  ) -> NodeSpec {
    guard numbers.chance(0.4) else { return NodeSpec(kind, [.tensor(shape), .tensor(shape)], attributes) }
    return NodeSpec(
      kind, [.tensor(shape), .tensor([numbers.int(1...3)] + shape.dropFirst()), .tensor([shape[0]])],
      attributes + [.flag("mapped", true)])
  }

  private static func softmax(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    let shape = numbers.chance(0.3) ? [numbers.int(1...5), numbers.int(1...70)] : image(&numbers)
    let axis = numbers.int(0...(shape.count - 1))
    let attributes = axis == 1 && numbers.chance(0.5) ? [] : [Attribute.integer("axis", axis)]
    if kind == .softmax { return NodeSpec(kind, [.tensor(shape)], attributes) }
    return axis == 0
      ? NodeSpec(kind, [.tensor(shape), .tensor(shape)], attributes) : mapped(kind, shape, attributes, &numbers)
  }

  private static func normalization(_ numbers: inout Numbers) -> (shape: [Int], attributes: [Attribute]) {
    var shape = numbers.chance(0.2) ? [numbers.int(2...9), channels(&numbers)] : image(&numbers)
    if shape.count == 4 { shape[3] += 3 }
    return (shape, numbers.chance(0.3) ? [] : [.real("epsilon", numbers.pick([1e-9, 1e-5, 1e-3]))])
  }

  private static func batchNormalization(_ numbers: inout Numbers) -> NodeSpec {
    let (shape, attributes) = normalization(&numbers)
    let channels = InputSpec.tensor([shape[1]])
    guard numbers.chance(0.5) else {
      let written: [Attribute] = numbers.chance(0.5) ? [.flag("training_mode", false)] : []
      return NodeSpec(
        .batchNormalization, [.tensor(shape), channels, channels, channels, channels], attributes + written)
    }
    return NodeSpec(
      .batchNormalization, [.tensor(shape), channels, channels] + (numbers.chance(0.5) ? [] : [.absent, .absent]),
      attributes + [.flag("training_mode", true)])
  }

  private static func batchNormalizationGradient(_ numbers: inout Numbers) -> NodeSpec {
    let (shape, attributes) = normalization(&numbers)
    let channels = InputSpec.tensor([shape[1]])
    if numbers.chance(0.3) {
      return NodeSpec(
        .batchNormalizationGradient,
        [.tensor(shape), .tensor([numbers.int(1...3)] + shape.dropFirst()), channels, channels, channels]
          + [.tensor([shape[0]])], attributes + [.flag("mapped", true)],
        without: numbers.pick([[], [0], [1, 2], [2]]))
    }
    return NodeSpec(
      .batchNormalizationGradient, [.tensor(shape), .tensor(shape), channels, channels, channels],
      attributes + (numbers.chance(0.5) ? [.flag("training_mode", true)] : []), without: numbers.chance(0.3) ? [0] : [])
  }

  private static func concat(_ numbers: inout Numbers) -> NodeSpec {
    var shape = numbers.chance(0.25) ? [numbers.int(1...5), numbers.int(1...30)] : image(&numbers)
    let axis = numbers.chance(0.7) ? 1 : numbers.int(0...(shape.count - 1))
    let mapped = axis > 0 && numbers.chance(0.4)
    var flags: [Int] = []
    var inputs: [InputSpec] = []
    let count = numbers.int(1...3)
    for index in 0..<count {
      shape[axis] = numbers.int(1...9)
      var operand = shape
      flags.append(mapped && index != count - 1 ? numbers.int(0...1) : 0)
      if flags[index] == 1 { operand[0] = numbers.int(1...3) }
      inputs.append(.tensor(operand))
    }
    let attributes: [Attribute] = axis == 1 && numbers.chance(0.5) ? [] : [.integer("axis", axis)]
    guard mapped else { return NodeSpec(.concat, inputs, attributes) }
    return NodeSpec(.concat, inputs + [.tensor([shape[0]])], attributes + [.integers("mapped", flags)])
  }

  private static func slice(_ numbers: inout Numbers) -> NodeSpec {
    let shape = shape(&numbers)
    let axis = numbers.int(0...(shape.count - 1))
    let start = numbers.int(0...(shape[axis] - 1))
    return NodeSpec(
      .slice, [.tensor(shape)],
      [.integer("axis", axis), .integer("start", start), .integer("end", numbers.int((start + 1)...shape[axis]))])
  }

  private static func gemm(_ numbers: inout Numbers) -> NodeSpec {
    let (m, k, n) = (numbers.int(1...40), numbers.int(1...70), numbers.int(1...40))
    let (transA, transB) = (numbers.chance(0.4), numbers.chance(0.5))
    let c = numbers.pick([nil, nil, [n], [1, n], [m, 1], [m, n]])
    var attributes: [Attribute] = []
    if transA || numbers.chance(0.3) { attributes.append(.flag("transA", transA)) }
    if transB || numbers.chance(0.3) { attributes.append(.flag("transB", transB)) }
    if numbers.chance(0.4) { attributes.append(.real("alpha", numbers.pick([-0.5, 1, 2]))) }
    if numbers.chance(0.4) { attributes.append(.real("beta", numbers.pick([0, 0.5, 1]))) }
    return NodeSpec(
      .gemm,
      [.tensor(transA ? [k, m] : [m, k]), .tensor(transB ? [n, k] : [k, n])] + (c.map { [.tensor($0)] } ?? []),
      attributes)
  }

  private static func reduceSum(_ numbers: inout Numbers) -> NodeSpec {
    let shape = shape(&numbers)
    var axes = shape.indices.filter { _ in numbers.chance(0.5) }
    if axes.isEmpty { axes = [numbers.int(0...(shape.count - 1))] }
    return NodeSpec(.reduceSum, [.tensor(shape)], [.integers("axes", axes)])
  }

  private static func resize(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    let size = [numbers.int(1...19), numbers.int(1...19)]
    var attributes: [Attribute] = [.integers("output_shape", size)]
    let mode = numbers.int(0...2)
    if mode > 0 || numbers.chance(0.5) { attributes.append(.integer("mode", mode)) }
    if mode == 2, numbers.chance(0.5) { attributes.append(.real("cubic_coefficient", -0.75)) }
    if mode > 0, numbers.chance(0.4) { attributes.append(.flag("antialias", true)) }
    if numbers.chance(0.3) { attributes.append(.integer("border", 1)) }
    return NodeSpec(kind, [.tensor(image(&numbers))], attributes)
  }

  private static func softmaxCrossEntropy(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    let x = [numbers.int(1...3), numbers.int(1...21), numbers.int(1...9), numbers.int(1...13)]
    let t = [x[0], x[2], x[3]]
    let attributes: [Attribute] = numbers.chance(0.5) ? [] : [.integer("ignore_index", numbers.pick([255, -1, 0]))]
    return NodeSpec(
      kind, (kind == .softmaxCrossEntropy ? [] : [.tensor([1])]) + [.tensor(x), .tensor(t)], attributes)
  }
}
