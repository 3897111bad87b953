import CDecoupled
import DecoupledBase

/// y = max(x, 0).
public struct Relu: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_RELU) }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    // y > 0 exactly where x > 0, so the output serves and the pre-activation need not be kept.
    let (dy, y) = (try context.arriving(), context.node.outputs[0])
    // A gradient that comes out of a pool stands at the places of maxima, and a maximum is positive where its pooled value
    // is: the pooled values serve before they are spread, and the far larger y need not be kept.
    if let (unpool, pool) = context.graph.pooling(of: y, gradient: dy) {
      let kept = try context.add1(
        ReluGradient(), [unpool.inputs[0], pool.outputs[0], context.rowToImage], "pooled-gradient")
      return [try context.add1(unpool.operation, [kept] + unpool.inputs.dropFirst(), "gradient")]
    }
    return [try context.add1(ReluGradient(), [dy, y, context.rowToImage], "gradient")]
  }
}

/// dy, y, row_to_image optional -> dy where y > 0.
public struct ReluGradient: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_RELU_GRADIENT) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (dy, y) = (try required(inputs, 0), try required(inputs, 1))
    try checkRows(dy, perImage: y, map: optional(inputs, 2))
    return [dy]
  }
}

/// y = 1 / (1 + exp(-x)).
public struct Sigmoid: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_SIGMOID) }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    try context.refuseRows()
    return [try context.add1(SigmoidGradient(), [try context.arriving(), context.node.outputs[0]], "gradient")]
  }
}

/// dy, y -> dy * y * (1 - y).
public struct SigmoidGradient: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_SIGMOID_GRADIENT) }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }
}

/// y = exp(x) / sum(exp(x)) along `axis`.
public struct Softmax: Operator {
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }

  public var kind: Int32? { Int32(DCN_OPERATOR_SOFTMAX) }
  public var attributes: [Attribute] { [.integer("axis", axis)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try required(inputs, 0)
    guard x.shape.indices.contains(axis) else {
      throw EngineError(.invalidArgument, "Softmax along axis \(axis) of \(x), which has no such axis.")
    }
    return [x]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    try context.refuseRows()
    let rule = SoftmaxGradient(axis: axis)
    return [try context.add1(rule, [try context.arriving(), context.node.outputs[0]], "gradient")]
  }
}

/// dy, y -> y * (dy - sum(dy * y)) along `axis`.
public struct SoftmaxGradient: Operator {
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }

  public var kind: Int32? { Int32(DCN_OPERATOR_SOFTMAX_GRADIENT) }
  public var attributes: [Attribute] { [.integer("axis", axis)] }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }
}

extension Graph {
  /// The unpooling that made `gradient`, and its pool, when that pooled `value`.
  fileprivate func pooling(of value: ValueID, gradient: ValueID) -> (unpool: Node, pool: Node)? {
    guard case .result(let made, _) = self[gradient].role, let unpool = nodes[made].operation as? MaxUnpool,
      unpool.accumulate, let switches = nodes[made].inputs[1], case .result(let chosen, 1) = self[switches].role,
      nodes[chosen].operation is MaxPool, nodes[chosen].inputs[0] == value
    else { return nil }
    return (nodes[made], nodes[chosen])
  }
}
