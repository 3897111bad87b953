public import DecoupledBackendKit
import DecoupledBase

/// x [N,L] logits, t [N,L] targets -> loss [1]: summed over the classes, divided by N (phase 1, FACTS of the Caffe layer).
public struct SigmoidCrossEntropy: Operator {
  public init() {}
  public var kind: OperatorKind? { .sigmoidCrossEntropy }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, t) = (try required(inputs, 0), try required(inputs, 1))
    guard x.shape == t.shape, x.shape.count == 2, t.elementType == x.elementType else {
      throw EngineError(
        .invalidArgument, "SigmoidCrossEntropy needs scores and targets of one shape N,L; not \(x), \(t).")
    }
    return [ValueType(x.elementType, [1])]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    try context.refuseRows()
    let node = context.node
    return [
      try context.add1(
        SigmoidCrossEntropyGradient(), [try context.arriving(), node.inputs[0], node.inputs[1]], "gradient"), nil,
    ]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}

/// dloss [1], x, t -> dx = dloss * (sigmoid(x) - t) / N.
public struct SigmoidCrossEntropyGradient: Operator {
  public init() {}
  public var kind: OperatorKind? { .sigmoidCrossEntropyGradient }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 1)] }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}

/// x [N,K,H,W] scores, t int32 [N,H,W] -> loss [1]: mean of -log softmax over the pixels that are not ignored.
public struct SoftmaxCrossEntropy: Operator {
  public var ignoreIndex: Int
  public init(ignoreIndex: Int = 255) { self.ignoreIndex = ignoreIndex }

  public var kind: OperatorKind? { .softmaxCrossEntropy }
  public var attributes: [Attribute] { [.integer("ignore_index", ignoreIndex)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, t) = (try image(inputs, 0), try required(inputs, 1))
    guard t.elementType == .int32, t.shape == [x.shape[0], x.shape[2], x.shape[3]] else {
      throw EngineError(.invalidArgument, "SoftmaxCrossEntropy needs int32 labels N,H,W for the scores \(x), not \(t).")
    }
    return [ValueType(x.elementType, [1])]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    try context.refuseRows()
    let node = context.node
    return [
      try context.add1(
        SoftmaxCrossEntropyGradient(ignoreIndex: ignoreIndex),
        [try context.arriving(), node.inputs[0], node.inputs[1]], "gradient"), nil,
    ]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}

/// dloss [1], x, t -> dx = dloss * (softmax(x) - onehot(t)) / count, 0 at ignored pixels.
public struct SoftmaxCrossEntropyGradient: Operator {
  public var ignoreIndex: Int
  public init(ignoreIndex: Int = 255) { self.ignoreIndex = ignoreIndex }

  public var kind: OperatorKind? { .softmaxCrossEntropyGradient }
  public var attributes: [Attribute] { [.integer("ignore_index", ignoreIndex)] }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 1)] }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}
