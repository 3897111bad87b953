import DecoupledBackendKit
import DecoupledCore

struct SoftmaxEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec { Self.node(.softmax, &numbers) }

  static func node(_ kind: OperatorKind, _ numbers: inout Numbers) -> NodeSpec {
    let shape = numbers.chance(0.3) ? [numbers.int(1...5), numbers.int(1...70)] : numbers.image()
    let axis = numbers.int(0...(shape.count - 1))
    let attributes = axis == 1 && numbers.chance(0.5) ? [] : [Attribute.integer("axis", axis)]
    return NodeSpec(kind, [InputSpec](repeating: .tensor(shape), count: kind.signature.inputs.count), attributes)
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { Softmax(axis: node.integer("axis")) }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let x = try reader.required(0)
    return reader.made(.softmax, [x], [.integer("axis", reader.axis(reader.integer("axis", -1), x))])
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
  func takesFewerRows(_ node: NodeSpec) -> Bool { node.integer("axis") != 0 }
  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? { NodeSpec(.softmax, [.previous(0)]) }
}

struct SoftmaxGradientEntry: GradientEntry {
  let fills = ["y": OperandRole.Fill.probability]

  func node(_ numbers: inout Numbers) -> NodeSpec { SoftmaxEntry.node(.softmaxGradient, &numbers) }
  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
  func takesFewerRows(_ node: NodeSpec) -> Bool { node.integer("axis") != 0 }
}
