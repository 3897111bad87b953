import DecoupledBackendKit
import DecoupledCore

struct ReluEntry: OperatorEntry {
  let isActivation = true

  func node(_ numbers: inout Numbers) -> NodeSpec { NodeSpec(.relu, [.tensor(numbers.shape())]) }
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { Relu() }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { reader.made(.relu, [try reader.required(0)], []) }
  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? { NodeSpec(.relu, [.previous(0)]) }
  func side(_ node: NodeSpec, of result: Float) -> Int { result > 0 ? 1 : 0 }
}

struct ReluGradientEntry: GradientEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let rows = numbers.shape()
    return NodeSpec(.reluGradient, [.tensor(rows)] + numbers.perImage(rows))
  }
}
