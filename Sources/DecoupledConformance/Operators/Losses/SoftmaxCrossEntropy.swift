import DecoupledBackendKit
import DecoupledCore

struct SoftmaxCrossEntropyEntry: OperatorEntry {
  let fills = ["t": OperandRole.Fill.label(scores: 0)]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (operands, attributes) = Self.drawn(&numbers)
    return NodeSpec(.softmaxCrossEntropy, operands, attributes)
  }

  static func drawn(_ numbers: inout Numbers) -> ([InputSpec], [Attribute]) {
    let x = [numbers.int(1...3), numbers.int(1...21), numbers.int(1...9), numbers.int(1...13)]
    let attributes: [Attribute] = numbers.chance(0.5) ? [] : [.integer("ignore_index", numbers.pick([255, -1, 0]))]
    return ([.tensor(x), .tensor([x[0], x[2], x[3]])], attributes)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) -> [[Int]] { [[1]] }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? {
    SoftmaxCrossEntropy(ignoreIndex: node.integer("ignore_index"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { throw OnnxVector.Excluded("another operator") }
  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
  func differentiates(_ node: NodeSpec, input: Int) -> Bool { input == 0 }
}

struct SoftmaxCrossEntropyGradientEntry: GradientEntry {
  let fills = ["t": OperandRole.Fill.label(scores: 1)]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (operands, attributes) = SoftmaxCrossEntropyEntry.drawn(&numbers)
    return NodeSpec(.softmaxCrossEntropyGradient, [.tensor([1])] + operands, attributes)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] { [try inputs(1)] }
  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
}
