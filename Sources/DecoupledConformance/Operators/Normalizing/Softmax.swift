import DecoupledBackendKit
import DecoupledCore

struct SoftmaxEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (shape, _, attributes) = Self.drawn(&numbers)
    return NodeSpec(.softmax, [.tensor(shape)], attributes)
  }

  static func drawn(_ numbers: inout Numbers) -> (shape: [Int], axis: Int, attributes: [Attribute]) {
    let shape = numbers.chance(0.3) ? [numbers.int(1...5), numbers.int(1...70)] : numbers.image()
    let axis = numbers.int(0...(shape.count - 1))
    return (shape, axis, axis == 1 && numbers.chance(0.5) ? [] : [.integer("axis", axis)])
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

  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (shape, axis, attributes) = SoftmaxEntry.drawn(&numbers)
    let (y, mapped) = numbers.mappedPerImage(shape, mayBeMapped: axis > 0)
    return NodeSpec(.softmaxGradient, [.tensor(shape)] + y, attributes + mapped)
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
  func takesFewerRows(_ node: NodeSpec) -> Bool { node.integer("axis") != 0 }
}
