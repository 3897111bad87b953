import DecoupledBackendKit
import DecoupledCore

struct GatherEntry: OperatorEntry {
  let fills = ["indices": OperandRole.Fill.item]

  func node(_ numbers: inout Numbers) -> NodeSpec {
    NodeSpec(.gather, [.tensor(numbers.shape()), .tensor([numbers.int(1...7)])])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    [[try inputs(1, rank: 1)[0]] + (try inputs(0).dropFirst())]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { nil }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    typealias Excluded = OnnxVector.Excluded
    let (x, indices) = (try reader.required(0), try reader.required(1))
    guard reader.axis(reader.integer("axis", 0), x) == 0 else { throw Excluded("Gather along another axis than 0") }
    guard indices.shape.count == 1 else { throw Excluded("indices that are not a list") }
    guard indices.values.allSatisfy({ $0 >= 0 }) else { throw Excluded("indices that count from the end") }
    return reader.made(.gather, [x, indices], [])
  }
}
