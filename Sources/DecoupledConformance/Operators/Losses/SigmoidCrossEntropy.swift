import DecoupledBackendKit
import DecoupledCore

struct SigmoidCrossEntropyEntry: OperatorEntry {
  let fills = ["t": OperandRole.Fill.bit]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let shape = InputSpec.tensor([numbers.int(1...5), numbers.int(1...40)])
    return NodeSpec(.sigmoidCrossEntropy, [shape, shape])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) -> [[Int]] { [[1]] }
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { SigmoidCrossEntropy() }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { throw OnnxVector.Excluded("another operator") }
  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
  func differentiates(_ node: NodeSpec, input: Int) -> Bool { input == 0 }
}

struct SigmoidCrossEntropyGradientEntry: GradientEntry {
  let fills = ["t": OperandRole.Fill.bit]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let shape = InputSpec.tensor([numbers.int(1...5), numbers.int(1...40)])
    return NodeSpec(.sigmoidCrossEntropyGradient, [.tensor([1]), shape, shape])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] { [try inputs(1)] }
  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
}
