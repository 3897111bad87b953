import CDecoupled
import DecoupledBase

/// a, b, row_to_image optional -> a * b. With the map, b holds one row per image.
public struct Mul: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_MUL) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (a, b) = (try required(inputs, 0), try required(inputs, 1))
    try checkRows(a, perImage: b, map: optional(inputs, 2))
    return [a]
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
    let da = context.wanted[0] ? try context.add1(Mul(), [dy, inputs[1], map], "left-gradient") : nil
    let db = context.wanted[1] ? try context.add1(Mul(), [dy, inputs[0], map], "right-gradient") : nil
    return Array([da, db, nil].prefix(inputs.count))
  }
}

/// a, b, row_to_image optional -> a + b. With the map, b holds one row per image.
public struct Add: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_ADD) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (a, b) = (try required(inputs, 0), try required(inputs, 1))
    try checkRows(a, perImage: b, map: optional(inputs, 2))
    return [a]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let dy = try context.arriving()
    if context.node.inputs.count > 2, context.node.inputs[2] != nil, context.wanted[1] {
      throw EngineError(.unsupported, "\(context.node.name): a per-image operand has no gradient.")
    }
    return Array([dy, dy, nil].prefix(context.node.inputs.count))
  }
}

/// y = factor * x.
public struct Scale: Operator {
  public var factor: Double
  public init(_ factor: Double) { self.factor = factor }

  public var kind: Int32? { Int32(DCN_OPERATOR_SCALE) }
  public var attributes: [Attribute] { [.real("factor", factor)] }
  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] { [try required(inputs, 0)] }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    [try context.add1(Scale(factor), [try context.arriving()], "gradient")]
  }
}

/// x, seed int64 [1] -> y = x * mask, and mask: 0 for a dropped element, 1/(1-ratio) for a kept one.
public struct Dropout: Operator {
  public var ratio: Double
  public init(ratio: Double) { self.ratio = ratio }

  public var kind: Int32? { Int32(DCN_OPERATOR_DROPOUT) }
  public var attributes: [Attribute] { [.real("ratio", ratio)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, seed) = (try required(inputs, 0), try required(inputs, 1))
    guard seed.elementType == .int64, seed.shape == [1], ratio >= 0, ratio < 1 else {
      throw EngineError(.invalidArgument, "Dropout needs a seed of type int64[1] and a ratio in 0..<1, not \(ratio).")
    }
    return [x, x]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    try context.refuseRows()
    return [try context.add1(Mul(), [try context.arriving(), context.node.outputs[1]], "gradient"), nil]
  }
}
