import DecoupledBackendKit
import DecoupledCore

struct BatchNormalizationEntry: OperatorEntry {
  let fills = ["scale": OperandRole.Fill.positive, "variance": .positive]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (shape, attributes) = Self.drawn(&numbers)
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

  static func drawn(_ numbers: inout Numbers) -> (shape: [Int], attributes: [Attribute]) {
    var shape = numbers.chance(0.2) ? [numbers.int(2...9), numbers.channels()] : numbers.image()
    if shape.count == 4 { shape[3] += 3 }
    return (shape, numbers.chance(0.3) ? [] : [.real("epsilon", numbers.pick([1e-9, 1e-5, 1e-3]))])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let x = try inputs(0)
    let channels = [x.count > 1 ? x[1] : 0]
    return node.flag("training_mode") ? [x, channels, channels] : [x]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? {
    BatchNormalization(epsilon: node.real("epsilon"), training: node.flag("training_mode"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let x = try reader.required(0)
    guard x.shape.count > 1 else { throw OnnxVector.Excluded("no channels") }
    let epsilon = Attribute.real("epsilon", reader.real("epsilon", 1e-5))
    let (scale, shift) = (try reader.required(1), try reader.required(2))
    let (mean, variance) = (try reader.required(3), try reader.required(4))
    guard reader.integer("training_mode", 0) == 1 else {
      return reader.made(.batchNormalization, [x, scale, shift, mean, variance], [epsilon])
    }
    var result = reader.made(.batchNormalization, [x, scale, shift], [epsilon, .flag("training_mode", true)])
    // ONNX gives running averages; what they took from this batch is ours.
    let momentum = reader.real("momentum", 0.9)
    func ofBatch(_ output: Int, _ before: OnnxTensor) -> [Double]? {
      guard reader.outputs.count > output else { return nil }
      return zip(reader.outputs[output].values, before.values).map { ($0 - momentum * $1) / (1 - momentum) }
    }
    result.expected = [reader.outputs[0].values, ofBatch(1, mean), ofBatch(2, variance)]
    return result
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    guard shape.count > 1 else { return nil }
    let (made, channels) = (InputSpec.previous(0), InputSpec.tensor([shape[1]]))
    if numbers.chance(0.15) {
      return NodeSpec(.batchNormalization, [made, channels, channels], [.flag("training_mode", true)])
    }
    return NodeSpec(.batchNormalization, [made, channels, channels, channels, channels], [.real("epsilon", 1e-9)])
  }

  func differentiates(_ node: NodeSpec, input: Int) -> Bool { input < 3 }

  /// Statistics of few numbers are changed altogether by a step.
  func isSmooth(_ node: NodeSpec, _ shapes: [[Int]?], _ values: [[Double]]) -> Bool {
    guard node.flag("training_mode"), let x = shapes[0] else { return true }
    return x.reduce(1, *) / x[1] >= 16
  }
}

struct BatchNormalizationGradientEntry: GradientEntry {
  let fills = ["scale": OperandRole.Fill.positive, "variance": .positive]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (shape, attributes) = BatchNormalizationEntry.drawn(&numbers)
    let channels = InputSpec.tensor([shape[1]])
    if numbers.chance(0.3) {
      let images = InputSpec.tensor([numbers.int(1...3)] + shape.dropFirst())
      return NodeSpec(
        .batchNormalizationGradient,
        [.tensor(shape), images, channels, channels, channels, .tensor([shape[0]])],
        attributes + [.flag("mapped", true)], without: numbers.pick([[], [0], [1, 2], [2]]))
    }
    return NodeSpec(
      .batchNormalizationGradient, [.tensor(shape), .tensor(shape), channels, channels, channels],
      attributes + (numbers.chance(0.5) ? [.flag("training_mode", true)] : []), without: numbers.chance(0.3) ? [0] : [])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let dy = try inputs(0)
    let channels = [dy.count > 1 ? dy[1] : 0]
    return [dy, channels, channels]
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
}
