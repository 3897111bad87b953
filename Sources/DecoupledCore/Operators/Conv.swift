import CDecoupled
import DecoupledBase

/// Cross-correlation: x [N,C,H,W], w [M,C,kh,kw], b [M] optional -> y [N,M,OH,OW].
public struct Conv: Operator {
  public var window: SlidingWindow
  public init(_ window: SlidingWindow) { self.window = window }

  public var kind: Int32? { Int32(DCN_OPERATOR_CONV) }
  public var attributes: [Attribute] { window.geometry }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, w) = (try image(inputs, 0), try image(inputs, 1))
    guard w.shape[1] == x.shape[1], Array(w.shape[2...]) == window.kernel else {
      throw EngineError(.invalidArgument, "weights \(w) do not fit the input \(x) and a kernel \(window.kernel).")
    }
    if let b = optional(inputs, 2), b.shape != [w.shape[0]] {
      throw EngineError(.invalidArgument, "a bias of \(b) does not fit \(w.shape[0]) output channels.")
    }
    return [x.with(shape: [x.shape[0], w.shape[0]] + (try window.outputSize(Array(x.shape[2...]))))]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let dy = try context.arriving()
    let x = try context.type(ofInput: 0)
    var result: [ValueID?] = [nil, nil, nil]
    // The gradient with respect to x last: what only the others read is free by then.
    if context.wanted[1] {
      try context.refuseRows()
      result[1] = try context.add1(ConvWeightGradient(window), [context.node.inputs[0], dy], "weight-gradient")
    }
    if context.wanted.count > 2, context.wanted[2] {
      result[2] = try context.add1(ReduceSum(axes: [0, 2, 3]), [dy], "bias-gradient")
    }
    if context.wanted[0] {
      // Rows and columns that the strides never reached get their zeros back.
      let dyType = context.graph[dy].type
      let plain = try window.transposedSize(Array(dyType.shape[2...]), outputPadding: [0, 0])
      let missing = [x.shape[2] - plain[0], x.shape[3] - plain[1]]
      result[0] = try context.add1(
        ConvTranspose(window, outputPadding: missing), [dy, context.node.inputs[1]], "data-gradient")
    }
    return Array(result.prefix(context.node.inputs.count))
  }
}
