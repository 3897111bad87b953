import CDecoupled
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

  public var kind: Int32? { Int32(DCN_OPERATOR_BATCH_NORMALIZATION) }
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

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    try context.refuseRows()
    let node = context.node
    let statistics = training ? [node.outputs[1], node.outputs[2]] : [node.inputs[3], node.inputs[4]]
    let outputs = try context.add(
      BatchNormalizationGradient(epsilon: epsilon, training: training),
      [try context.arriving(), node.inputs[0], node.inputs[1]] + statistics, "gradient")
    return [outputs[0], outputs[1], outputs[2]] + [ValueID?](repeating: nil, count: node.inputs.count - 3)
  }
}

/// dy, x, scale, mean, variance -> dx, dscale, dshift.
public struct BatchNormalizationGradient: Operator {
  public var epsilon: Double
  public var training: Bool

  public init(epsilon: Double, training: Bool) {
    self.epsilon = epsilon
    self.training = training
  }

  public var kind: Int32? { Int32(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT) }
  public var attributes: [Attribute] { [.real("epsilon", epsilon), .flag("training_mode", training)] }
  public var optionalOutputs: Set<Int> { [0] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try required(inputs, 1)
    let channels = ValueType(x.elementType, [x.shape[1]])
    return [x, channels, channels]
  }
}
