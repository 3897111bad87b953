public import DecoupledBackendKit

/// x [N,C,H,W] -> the maximum of each window and its place y*W+x in the plane (the "switches" of the paper).
public struct MaxPool: Operator {
  public var window: SlidingWindow
  public var ceilMode: Bool

  public init(_ window: SlidingWindow, ceilMode: Bool = false) {
    self.window = window
    self.ceilMode = ceilMode
  }

  public var kind: OperatorKind? { .maxPool }
  public var attributes: [Attribute] { window.poolAttributes + [.flag("ceil_mode", ceilMode)] }
  public var optionalOutputs: Set<Int> { [1] }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try image(inputs, 0)
    let y = x.with(shape: Array(x.shape[..<2]) + (try window.outputSize(Array(x.shape[2...]), ceilMode: ceilMode)))
    return [y, y.with(elementType: .int32)]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let x = try context.type(ofInput: 0)
    let unpool = MaxUnpool(outputSize: Array(x.shape[2...]), accumulate: true)
    return [
      try context.add1(unpool, [try context.arriving(), context.node.outputs[1], context.rowToImage], "unpool")
    ]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    let results = context.result.add(
      "MaxPool", context.operands, window.onnxOfPool + [("ceil_mode", .integer(ceilMode ? 1 : 0))],
      names: [context.node.name, "\(context.node.name).indices"])
    let plane = try context.type(ofInput: 0).shape[2...].reduce(1, *)
    return [results[0], context.places(ofIndices: results[1], plane: plane)]
  }
}

/// x [N,C,H,W] -> the mean of each window.
public struct AveragePool: Operator {
  public var window: SlidingWindow
  public init(_ window: SlidingWindow) { self.window = window }

  public var kind: OperatorKind? { .averagePool }
  public var attributes: [Attribute] { window.poolAttributes }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let x = try image(inputs, 0)
    return [x.with(shape: Array(x.shape[..<2]) + (try window.outputSize(Array(x.shape[2...]))))]
  }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    let x = try context.type(ofInput: 0)
    let unpool = AverageUnpool(window, outputSize: Array(x.shape[2...]))
    return [try context.add1(unpool, [try context.arriving()], "unpool")]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] {
    [context.add("AveragePool", context.operands, window.onnxOfPool)]
  }
}
