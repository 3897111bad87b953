import DecoupledBackendKit
import DecoupledCore

struct HardSwishEntry: OperatorEntry {
  let isActivation = true
  /// Beyond both kinks.
  let fills = ["x": OperandRole.Fill.within(-5...5)]

  func node(_ numbers: inout Numbers) -> NodeSpec { NodeSpec(.hardSwish, [.tensor(numbers.shape())]) }
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { HardSwish() }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { reader.made(.hardSwish, [try reader.required(0)], []) }
  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? { NodeSpec(.hardSwish, [.previous(0)]) }
  func side(_ node: NodeSpec, of result: Float) -> Int { result == 0 ? -1 : result >= 3 ? 1 : 0 }
}

struct HardSwishGradientEntry: GradientEntry {
  let fills = ["x": OperandRole.Fill.within(-5...5)]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let rows = numbers.shape()
    return NodeSpec(.hardSwishGradient, [.tensor(rows)] + numbers.perImage(rows))
  }
}
