import DecoupledCore

struct DropoutEntry: OperatorEntry {
  let fills = ["seed": OperandRole.Fill.seed]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    NodeSpec(
      .dropout, [.tensor(numbers.shape()), .tensor([1])],
      numbers.chance(0.3) ? [] : [.real("ratio", numbers.pick([0, 0.25, 0.5, 0.9]))])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] { [try inputs(0), try inputs(0)] }
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { Dropout(ratio: node.real("ratio")) }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let isTraining = reader.operand(2)?.values.first == 1
    guard !isTraining || reader.operand(1)?.values.first == 0 else { throw OnnxVector.Excluded("other random numbers") }
    var result = reader.made(.dropout, [try reader.required(0)], [.real("ratio", 0)])
    result.spec.inputs.append(.tensor([1]))
    result.values.append([7])
    return result
  }
}
