public import DecoupledBackendKit
import DecoupledBase

/// y = max(x, 0).
public struct Relu: Operator {
  public init() {}
  public var kind: OperatorKind? { .relu }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func recomputation(of node: Node) -> Recomputation? {
    Recomputation(self, node.inputs, first: .mustBeRecomputed, servesOwnGradient: true)
  }

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

  public func onnx(_ context: inout ONNXContext) throws -> [String] { [context.add("Relu", context.operands)] }
}

/// dy, y, row_to_image optional -> dy where y > 0.
public struct ReluGradient: Operator {
  public init() {}
  public var kind: OperatorKind? { .reluGradient }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    try typesOfMappedGradient(inputs, mapped: optional(inputs, 2) != nil)
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let zero = context.result.constant([Float(0)])
    let isPositive = context.add("Greater", [try context.operand(1), zero])
    return [context.add("Where", [try context.rows(isPositive, of: 1, map: 2), try context.operand(0), zero])]
  }
}

/// y = x * min(max(x/6 + 1/2, 0), 1) (MobileNetV3, Howard et al. 2019).
public struct HardSwish: Operator {
  public init() {}
  public var kind: OperatorKind? { .hardSwish }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func recomputation(of node: Node) -> Recomputation? {
    Recomputation(self, node.inputs, first: .mustBeRecomputed)
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let (dy, x) = (try context.arriving(), context.node.inputs[0])
    return [try context.add1(HardSwishGradient(), [dy, x, context.rowToImage], "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    // HardSwish itself exists from operator set 14 on.
    let gate = context.add("HardSigmoid", context.operands, [("alpha", .real(1.0 / 6)), ("beta", .real(0.5))])
    return [context.add("Mul", [try context.operand(0), gate])]
  }
}

/// dy, x, row_to_image optional -> dy times the slope of HardSwish at x.
public struct HardSwishGradient: Operator {
  public init() {}
  public var kind: OperatorKind? { .hardSwishGradient }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    try typesOfMappedGradient(inputs, mapped: optional(inputs, 2) != nil)
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    func constant(_ value: Float) -> String { context.result.constant([value]) }
    let x = try context.operand(1)
    let line = context.add("Add", [context.add("Mul", [x, constant(1 / 3)]), constant(0.5)])
    let rising = context.add("Where", [context.add("Less", [x, constant(3)]), line, constant(1)])
    let slope = context.add("Where", [context.add("Greater", [x, constant(-3)]), rising, constant(0)])
    return [context.add("Mul", [try context.rows(slope, of: 1, map: 2), try context.operand(0)])]
  }
}

/// y = 1 / (1 + exp(-x)).
public struct Sigmoid: Operator {
  public init() {}
  public var kind: OperatorKind? { .sigmoid }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let inputs = [try context.arriving(), context.node.outputs[0]] + context.rowOperand
    return [try context.add1(SigmoidGradient(mapped: context.rowToImage != nil), inputs, "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { [context.add("Sigmoid", context.operands)] }
}

/// dy, y -> dy * y * (1 - y).
public struct SigmoidGradient: Operator {
  /// Whether row_to_image is the third input and y holds one row per image.
  public var mapped: Bool
  public init(mapped: Bool = false) { self.mapped = mapped }

  public var kind: OperatorKind? { .sigmoidGradient }
  public var attributes: [Attribute] { Attribute.mapped(mapped) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    try typesOfMappedGradient(inputs, mapped: mapped)
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let y = try context.rows(1, map: 2)
    let rest = context.add("Sub", [context.result.constant([Float(1)]), y])
    return [context.add("Mul", [context.add("Mul", [try context.operand(0), y]), rest])]
  }
}

/// y = exp(x) / sum(exp(x)) along `axis`.
public struct Softmax: Operator {
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }

  public var kind: OperatorKind? { .softmax }
  public var attributes: [Attribute] { [.integer("axis", axis)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try required(inputs, 0)
    guard x.shape.indices.contains(axis) else {
      throw EngineError(.invalidArgument, "Softmax along axis \(axis) of \(x), which has no such axis.")
    }
    return [x]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    // Along axis 0 the rows depend on one another.
    if axis == 0 { try context.refuseRows() }
    let inputs = [try context.arriving(), context.node.outputs[0]] + context.rowOperand
    let rule = SoftmaxGradient(axis: axis, mapped: context.rowToImage != nil)
    return [try context.add1(rule, inputs, "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.add("Softmax", context.operands, [("axis", .integer(axis))])]
  }
}

/// dy, y -> y * (dy - sum(dy * y)) along `axis`.
public struct SoftmaxGradient: Operator {
  public var axis: Int
  /// Whether row_to_image is the third input and y holds one row per image.
  public var mapped: Bool

  public init(axis: Int = 1, mapped: Bool = false) {
    self.axis = axis
    self.mapped = mapped
  }

  public var kind: OperatorKind? { .softmaxGradient }
  public var attributes: [Attribute] { [.integer("axis", axis)] + Attribute.mapped(mapped) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    try typesOfMappedGradient(inputs, mapped: mapped)
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let (dy, y) = (try context.operand(0), try context.rows(1, map: 2))
    let shares = context.add("Mul", [dy, y])
    let sum = context.add("ReduceSum", [shares, context.result.constant([axis])])
    return [context.add("Mul", [y, context.add("Sub", [dy, sum])])]
  }
}

extension Operator {
  /// The type of dy, for dy, a forward value, and row_to_image where that is `mapped`.
  fileprivate func typesOfMappedGradient(_ inputs: [ValueType?], mapped: Bool) throws -> [ValueType] {
    let (dy, y) = (try required(inputs, 0), try required(inputs, 1))
    try checkRows(dy, perImage: y, map: mapped ? try required(inputs, 2) : nil)
    return [dy]
  }
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
