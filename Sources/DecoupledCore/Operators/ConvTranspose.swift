public import DecoupledBackendKit
import DecoupledBase

/// Transposed convolution ("deconvolution" in the paper): x [N,C,H,W], w [C,M/group,kh,kw], b [M] optional -> y [N,M,OH,OW].
public struct ConvTranspose: Operator {
  public var window: SlidingWindow
  /// Rows and columns added at the bottom and right of the result.
  public var outputPadding: [Int]
  /// Parts of the channels that do not meet, as in `Conv`.
  public var group: Int

  public init(_ window: SlidingWindow, outputPadding: [Int] = [0, 0], group: Int = 1) {
    self.window = window
    self.outputPadding = outputPadding
    self.group = group
  }

  public var kind: OperatorKind? { .convTranspose }
  public var attributes: [Attribute] {
    window.geometry(group: group) + [.integers("output_padding", outputPadding)]
  }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, w) = (try image(inputs, 0), try image(inputs, 1))
    guard group > 0, w.shape[0] == x.shape[1], w.shape[0] % group == 0, Array(w.shape[2...]) == window.kernel else {
      throw EngineError(
        .invalidArgument, "weights \(w) do not fit the input \(x), a kernel \(window.kernel) and group = \(group).")
    }
    let channels = w.shape[1] * group
    if let b = optional(inputs, 2), b.shape != [channels] {
      throw EngineError(.invalidArgument, "a bias of \(b) does not fit \(channels) output channels.")
    }
    let size = try window.transposedSize(Array(x.shape[2...]), outputPadding: outputPadding)
    return [x.with(shape: [x.shape[0], channels] + size)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let dy = try context.arriving()
    var result: [ValueID?] = [nil, nil, nil]
    // The gradient with respect to x last: what only the others read is free by then.
    if context.wanted[1] {
      try context.refuseRows()
      let rule = ConvWeightGradient(window, group: group)
      result[1] = try context.add1(rule, [dy, context.node.inputs[0]], "weight-gradient")
    }
    if context.wanted.count > 2, context.wanted[2] {
      result[2] = try context.add1(ReduceSum(axes: [0, 2, 3]), [dy], "bias-gradient")
    }
    if context.wanted[0] {
      result[0] = try context.add1(Conv(window, group: group), [dy, context.node.inputs[1]], "data-gradient")
    }
    return Array(result.prefix(context.node.inputs.count))
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let attributes = window.onnx(group: group) + [("output_padding", .integers(outputPadding))]
    return [context.add("ConvTranspose", context.operands, attributes)]
  }
}
