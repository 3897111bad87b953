public import DecoupledBackendKit
import DecoupledBase

/// Gradient of Conv with respect to its weights: x [N,C,H,W], dy [N,M,OH,OW] -> dw [M,C/group,kh,kw].
/// With the roles of x and dy swapped it is that of ConvTranspose.
public struct ConvWeightGradient: Operator {
  public var window: SlidingWindow
  /// The `group` of the Conv.
  public var group: Int

  public init(_ window: SlidingWindow, group: Int = 1) {
    self.window = window
    self.group = group
  }

  public var kind: OperatorKind? { .convWeightGradient }
  public var attributes: [Attribute] {
    [.integers("kernel_shape", window.kernel)] + window.geometry(group: group)
  }

  public func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType] {
    let (x, dy) = (try image(inputs, 0), try image(inputs, 1))
    guard x.shape[0] == dy.shape[0], try window.outputSize(Array(x.shape[2...])) == Array(dy.shape[2...]) else {
      throw EngineError(.invalidArgument, "the gradient \(dy) does not belong to the input \(x).")
    }
    guard group > 0, x.shape[1] % group == 0, dy.shape[1] % group == 0 else {
      throw EngineError(.invalidArgument, "the channels of \(x) and \(dy) do not divide into group = \(group).")
    }
    return [ValueType(x.elementType, [dy.shape[1], x.shape[1] / group] + window.kernel)]
  }

  public func onnx(_ context: inout ONNXContext) throws -> [String] { throw context.isOfTraining }
}
