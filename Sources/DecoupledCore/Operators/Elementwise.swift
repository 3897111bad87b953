public import DecoupledBackendKit
import DecoupledBase

/// a, b, row_to_image optional -> a * b. With the map, b holds one row per image.
public struct Mul: Operator {
  /// Whether b is [N,C,1,1] and each of its values meets all pixels of a plane of a [N,C,H,W].
  public var broadcast: Bool
  public init(broadcast: Bool = false) { self.broadcast = broadcast }

  public var kind: OperatorKind? { .mul }
  public var attributes: [Attribute] { broadcast ? [.flag("broadcast", true)] : [] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    try typesOfPair(inputs, broadcast: broadcast)
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let dy = try context.arriving()
    let inputs = context.node.inputs
    let ownMap = inputs.count > 2 ? inputs[2] : nil
    if ownMap != nil && context.wanted[1] {
      throw EngineError(.unsupported, "\(context.node.name): a per-image operand has no gradient.")
    }
    if ownMap != nil { try context.refuseRows() }
    let map = ownMap ?? context.rowToImage
    let da =
      context.wanted[0]
      ? try context.add1(Mul(broadcast: broadcast), [dy, inputs[1], map], "left-gradient") : nil
    guard context.wanted[1] else { return Array([da, nil, nil].prefix(inputs.count)) }
    let product = try context.add1(Mul(), [dy, inputs[0], map], "right-gradient")
    return Array([da, broadcast ? try context.sumOverPixels(product) : product, nil].prefix(inputs.count))
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.add("Mul", [try context.operand(0), try context.rows(1, map: 2)])]
  }
}

/// a, b, row_to_image optional -> a + b. With the map, b holds one row per image.
public struct Add: Operator {
  /// Whether b is [N,C,1,1] and each of its values meets all pixels of a plane of a [N,C,H,W].
  public var broadcast: Bool
  public init(broadcast: Bool = false) { self.broadcast = broadcast }

  public var kind: OperatorKind? { .add }
  public var attributes: [Attribute] { broadcast ? [.flag("broadcast", true)] : [] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    try typesOfPair(inputs, broadcast: broadcast)
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let dy = try context.arriving()
    if context.node.inputs.count > 2, context.node.inputs[2] != nil, context.wanted[1] {
      throw EngineError(.unsupported, "\(context.node.name): a per-image operand has no gradient.")
    }
    let db = context.wanted[1] && broadcast ? try context.sumOverPixels(dy) : dy
    return Array([dy, db, nil].prefix(context.node.inputs.count))
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.add("Add", [try context.operand(0), try context.rows(1, map: 2)])]
  }
}

extension Operator {
  /// The type of a, for a second operand of its shape or, broadcast, with one value for each of its planes.
  fileprivate func typesOfPair(_ inputs: [ValueType?], broadcast: Bool) throws -> [ValueType] {
    let (a, b) = (try required(inputs, 0), try required(inputs, 1))
    let expected = broadcast ? try image(inputs, 0).with(shape: [a.shape[0], a.shape[1], 1, 1]) : a
    try checkRows(expected, perImage: b, map: optional(inputs, 2))
    return [a]
  }
}

extension GradientContext {
  /// The gradient of an operand that was broadcast, from that of the pixels that shared its values.
  fileprivate mutating func sumOverPixels(_ gradient: ValueID) throws -> ValueID {
    let channels = graph[gradient].type.shape[1]
    let sum = try add1(ReduceSum(axes: [2, 3]), [gradient], "sum-over-pixels")
    return try add1(Reshape(trailing: [channels, 1, 1]), [sum], "right-gradient")
  }
}

/// y = factor * x.
public struct Scale: Operator {
  public var factor: Double
  public init(_ factor: Double) { self.factor = factor }

  public var kind: OperatorKind? { .scale }
  public var attributes: [Attribute] { [.real("factor", factor)] }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    [try context.add1(Scale(factor), [try context.arriving()], "gradient")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.add("Mul", context.operands + [context.result.constant([Float(factor)])])]
  }
}

/// x, seed int64 [1] -> y = x * mask, and mask: 0 for a dropped element, 1/(1-ratio) for a kept one.
public struct Dropout: Operator {
  public var ratio: Double
  public init(ratio: Double) { self.ratio = ratio }

  public var kind: OperatorKind? { .dropout }
  public var attributes: [Attribute] { [.real("ratio", ratio)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, seed) = (try required(inputs, 0), try required(inputs, 1))
    guard seed.elementType == .int64, seed.shape == [1], ratio >= 0, ratio < 1 else {
      throw EngineError(.invalidArgument, "Dropout needs a seed of type int64[1] and a ratio in 0..<1, not \(ratio).")
    }
    return [x, x]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let inputs = [try context.arriving(), context.node.outputs[1]] + context.rowOperand
    return [try context.add1(Mul(), inputs, "gradient"), nil]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}
