public import DecoupledBackendKit
import DecoupledBase

/// x, scale [C], shift [C], mean [C], variance [C] -> y; in training mode also the batch's mean and biased variance.
/// y = scale * (x - mean) / sqrt(variance + epsilon) + shift (paper section 6.1; FACTS of the released network: 1e-9).
public struct BatchNormalization: Operator {
  public var epsilon: Double
  /// Whether the statistics are those of the batch. A row's result then depends on its neighbours.
  public var training: Bool

  public init(epsilon: Double, training: Bool) {
    self.epsilon = epsilon
    self.training = training
  }

  public var kind: OperatorKind? { .batchNormalization }
  public var attributes: [Attribute] { [.real("epsilon", epsilon), .flag("training_mode", training)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try required(inputs, 0)
    guard x.shape.count >= 2 else {
      throw EngineError(.invalidArgument, "BatchNormalization needs a channel axis; \(x) has none.")
    }
    let channels = [x.shape[1]]
    for index in 1..<(training ? 3 : 5) where try required(inputs, index).shape != channels {
      throw EngineError(.invalidArgument, "BatchNormalization needs \(channels[0]) values as input \(index).")
    }
    let statistics = ValueType(x.elementType, channels)
    return training ? [x, statistics, statistics] : [x]
  }

  public func recomputation(of node: Node) -> Recomputation? {
    // The statistics of the batch are known by then.
    let statistics = training ? node.outputs.dropFirst().map { $0 } : []
    return Recomputation(
      BatchNormalization(epsilon: epsilon, training: false), node.inputs + statistics, first: .isKept)
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    // Statistics of the batch make a row's gradient depend on its neighbours.
    if training { try context.refuseRows() }
    let node = context.node
    let statistics = training ? [node.outputs[1], node.outputs[2]] : [node.inputs[3], node.inputs[4]]
    let outputs = try context.add(
      BatchNormalizationGradient(epsilon: epsilon, training: training, mapped: context.rowToImage != nil),
      [try context.arriving(), node.inputs[0], node.inputs[1]] + statistics + context.rowOperand, "gradient")
    return [outputs[0], outputs[1], outputs[2]] + [ValueID?](repeating: nil, count: node.inputs.count - 3)
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    if training { throw context.isOfTraining }
    return [context.add("BatchNormalization", context.operands, [("epsilon", .real(epsilon))])]
  }
}

/// dy, x, scale, mean, variance -> dx, dscale, dshift.
public struct BatchNormalizationGradient: Operator {
  public var epsilon: Double
  public var training: Bool
  /// Whether row_to_image is the last input and x holds one row per image.
  public var mapped: Bool

  public init(epsilon: Double, training: Bool, mapped: Bool = false) {
    self.epsilon = epsilon
    self.training = training
    self.mapped = mapped
  }

  public var kind: OperatorKind? { .batchNormalizationGradient }
  public var attributes: [Attribute] {
    [.real("epsilon", epsilon), .flag("training_mode", training)] + Attribute.mapped(mapped)
  }
  public var optionalOutputs: Set<Int> { mapped ? [0, 1, 2] : [0] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (dy, x) = (try required(inputs, 0), try required(inputs, 1))
    let channels = ValueType(x.elementType, [x.shape[1]])
    guard mapped else { return [x, channels, channels] }
    guard !training else {
      throw EngineError(.invalidArgument, "BatchNormalizationGradient of a batch's statistics takes no row_to_image.")
    }
    try checkRows(dy, perImage: x, map: try required(inputs, 5))
    return [dy, channels, channels]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    if training { throw context.isOfTraining }
    // dx alone: a normalisation that shifts nothing.
    let channels = context.type(ofOutput: 0).shape[1]
    let zeros = context.result.constant([Float](repeating: 0, count: channels), [channels])
    let operands = try [context.operand(0), context.operand(2), zeros, zeros, context.operand(4)]
    return [context.add("BatchNormalization", operands, [("epsilon", .real(epsilon))])]
  }
}
