import DecoupledBackendKit
import DecoupledCore

struct SigmoidEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec { NodeSpec(.sigmoid, [.tensor(numbers.shape())]) }
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { Sigmoid() }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { reader.made(.sigmoid, [try reader.required(0)], []) }
  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? { NodeSpec(.sigmoid, [.previous(0)]) }
}

struct SigmoidGradientEntry: GradientEntry {
  let fills = ["y": OperandRole.Fill.probability]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let rows = numbers.shape()
    let (y, attributes) = numbers.mappedPerImage(rows)
    return NodeSpec(.sigmoidGradient, [.tensor(rows)] + y, attributes)
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
}
