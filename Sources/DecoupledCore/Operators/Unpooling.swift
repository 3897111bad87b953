public import DecoupledBackendKit
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

  public var kind: OperatorKind? { .maxUnpool }
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

  public func recomputation(of node: Node) -> Recomputation? {
    accumulate ? nil : Recomputation(self, node.inputs, first: .mayBeRecomputed)
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let inputs = context.node.inputs
    let ownMap = inputs.count > 2 ? inputs[2] : nil
    if ownMap != nil { try context.refuseRows() }
    let gathered = try context.add1(
      MaxUnpoolGradient(), [try context.arriving(), inputs[1], ownMap ?? context.rowToImage], "gradient")
    return [gathered] + [ValueID?](repeating: nil, count: inputs.count - 1)
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let (x, y) = (try context.type(ofInput: 0).shape, context.type(ofOutput: 0).shape)
    if accumulate, x[2...] != [1, 1], !(try context.poolHasSeparateWindows(ofPlaces: 1)) {
      throw context.noForm(because: "values that share a place are added there from operator set 16 on")
    }
    let indices = try context.indices(ofPlaces: 1, map: 2, target: y)
    let strides = (2..<4).map { x[$0] > 1 ? max(1, y[$0] / x[$0]) : 1 }
    let kernel = (2..<4).map { max(1, y[$0] - (x[$0] - 1) * strides[$0 - 2]) }
    return [
      context.add(
        "MaxUnpool", [try context.operand(0), indices, context.result.constant(y)],
        [("kernel_shape", .integers(kernel)), ("strides", .integers(strides))])
    ]
  }
}

/// dy [N,C,H,W], switches int32 [N,C,h,w], row_to_image optional -> dx [N,C,h,w], the values at the switches.
public struct MaxUnpoolGradient: Operator {
  public init() {}
  public var kind: OperatorKind? { .maxUnpoolGradient }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (dy, switches) = (try image(inputs, 0), try image(inputs, 1))
    let dx = dy.with(shape: Array(dy.shape[..<2]) + Array(switches.shape[2...]))
    try checkRows(dx, perImage: switches, map: optional(inputs, 2))
    return [dx]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let (dy, dx) = (try context.type(ofInput: 0).shape, context.type(ofOutput: 0).shape)
    let values = context.reshape(try context.operand(0), [dy[0], dy[1], dy[2] * dy[3]])
    let places = context.reshape(try context.rows(1, map: 2), [dx[0], dx[1], dx[2] * dx[3]])
    return [context.reshape(context.add("GatherElements", [values, places], [("axis", .integer(2))]), dx)]
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

  public var kind: OperatorKind? { .averageUnpool }
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

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let (channels, small) = (context.type(ofOutput: 0).shape[1], try context.type(ofInput: 0).shape)
    let counts = window.counts(input: outputSize, output: Array(small[2...]))
    let shares = context.add("Div", [try context.operand(0), context.result.constant(counts, [1, 1] + small[2...])])
    let ones = context.result.constant(
      [Float](repeating: 1, count: channels * window.kernel[0] * window.kernel[1]), [channels, 1] + window.kernel)
    let plain = try window.transposedSize(Array(small[2...]), outputPadding: [0, 0])
    return [
      context.add(
        "ConvTranspose", [shares, ones],
        window.onnxOfPool + [
          ("group", .integer(channels)),
          ("output_padding", .integers([outputSize[0] - plain[0], outputSize[1] - plain[1]])),
        ])
    ]
  }
}
