import CDecoupled
import DecoupledBase

/// x [N,C,h,w], switches int32 [N,C,h,w], row_to_image optional -> y [N,C,H,W]: each value at its switch, zeros elsewhere.
public struct MaxUnpool: Operator {
  /// Rows, columns.
  public var outputSize: [Int]
  /// Whether values that share a place are added (the gradient of MaxPool) or the last one stays.
  public var accumulate: Bool

  public init(outputSize: [Int], accumulate: Bool = false) {
    self.outputSize = outputSize
    self.accumulate = accumulate
  }

  public var kind: Int32? { Int32(DCN_OPERATOR_MAX_UNPOOL) }
  public var attributes: [Attribute] {
    [.integers("output_shape", outputSize), .flag("accumulate", accumulate)]
  }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, switches) = (try image(inputs, 0), try image(inputs, 1))
    guard switches.elementType == .int32 else {
      throw EngineError(.invalidArgument, "MaxUnpool needs int32 switches, not \(switches).")
    }
    try checkRows(x, perImage: switches, map: optional(inputs, 2))
    return [x.with(shape: Array(x.shape[..<2]) + outputSize)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let gathered = try context.add1(
      MaxUnpoolGradient(), [try context.arriving(), context.node.inputs[1], rows(context)], "gradient")
    return [gathered] + [ValueID?](repeating: nil, count: context.node.inputs.count - 1)
  }

  private func rows(_ context: GradientContext) -> ValueID? {
    context.node.inputs.count > 2 ? context.node.inputs[2] : nil
  }
}

/// dy [N,C,H,W], switches int32 [N,C,h,w], row_to_image optional -> dx [N,C,h,w], the values at the switches.
public struct MaxUnpoolGradient: Operator {
  public init() {}
  public var kind: Int32? { Int32(DCN_OPERATOR_MAX_UNPOOL_GRADIENT) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (dy, switches) = (try image(inputs, 0), try image(inputs, 1))
    let dx = dy.with(shape: Array(dy.shape[..<2]) + Array(switches.shape[2...]))
    try checkRows(dx, perImage: switches, map: optional(inputs, 2))
    return [dx]
  }
}

/// x [N,C,h,w] -> y [N,C,H,W]: each value divided over its window and added up, the gradient of AveragePool.
public struct AverageUnpool: Operator {
  public var window: SlidingWindow
  public var outputSize: [Int]

  public init(_ window: SlidingWindow, outputSize: [Int]) {
    self.window = window
    self.outputSize = outputSize
  }

  public var kind: Int32? { Int32(DCN_OPERATOR_AVERAGE_UNPOOL) }
  public var attributes: [Attribute] { window.poolAttributes + [.integers("output_shape", outputSize)] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try image(inputs, 0)
    guard try window.outputSize(outputSize) == Array(x.shape[2...]) else {
      throw EngineError(.invalidArgument, "\(x) is not the average pool of \(outputSize[0])x\(outputSize[1]).")
    }
    return [x.with(shape: Array(x.shape[..<2]) + outputSize)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    [try context.add1(AveragePool(window), [try context.arriving()], "gradient")]
  }
}
