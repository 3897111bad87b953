public import DecoupledBackendKit
import DecoupledBase

/// Cross-correlation: x [N,C,H,W], w [M,C/group,kh,kw], b [M] optional -> y [N,M,OH,OW].
public struct Conv: Operator {
  public var window: SlidingWindow
  /// Parts of the channels that do not meet: output channels of one part see the input channels of that part only. As many
  /// as there are channels is a depthwise convolution.
  public var group: Int

  public init(_ window: SlidingWindow, group: Int = 1) {
    self.window = window
    self.group = group
  }

  public var kind: OperatorKind? { .conv }
  public var attributes: [Attribute] { window.geometry(group: group) }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, w) = (try image(inputs, 0), try image(inputs, 1))
    guard group > 0, w.shape[1] * group == x.shape[1], w.shape[0] % group == 0, Array(w.shape[2...]) == window.kernel
    else {
      throw EngineError(
        .invalidArgument, "weights \(w) do not fit the input \(x), a kernel \(window.kernel) and group = \(group).")
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
      let rule = ConvWeightGradient(window, group: group)
      result[1] = try context.add1(rule, [context.node.inputs[0], dy], "weight-gradient")
    }
    if context.wanted.count > 2, context.wanted[2] {
      result[2] = try context.add1(ReduceSum(axes: [0, 2, 3]), [dy], "bias-gradient")
    }
    if context.wanted[0] {
      // Rows and columns that the strides never reached get their zeros back.
      let dyType = context.graph[dy].type
      let plain = try window.transposedSize(Array(dyType.shape[2...]), outputPadding: [0, 0])
      let missing = [x.shape[2] - plain[0], x.shape[3] - plain[1]]
      let rule = ConvTranspose(window, outputPadding: missing, group: group)
      result[0] = try context.add1(rule, [dy, context.node.inputs[1]], "data-gradient")
    }
    return Array(result.prefix(context.node.inputs.count))
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.add("Conv", context.operands, window.onnx(group: group))]
  }
}
