import DecoupledBackendKit
import DecoupledCore

struct ReduceSumEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let shape = numbers.shape()
    var axes = shape.indices.filter { _ in numbers.chance(0.5) }
    if axes.isEmpty { axes = [numbers.int(0...(shape.count - 1))] }
    return NodeSpec(.reduceSum, [.tensor(shape)], [.integers("axes", axes)])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let axes = node.integers("axes") ?? []
    let x = try inputs(0)
    let kept = x.indices.filter { !axes.contains($0) }.map { x[$0] }
    return [kept.isEmpty ? [1] : kept]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? {
    ReduceSum(axes: node.integers("axes") ?? [])
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let x = try reader.required(0)
    let axes = reader.operand(1)?.integers ?? []
    guard !axes.isEmpty || reader.integer("noop_with_empty_axes", 0) == 0 else {
      throw OnnxVector.Excluded("a sum over no axis")
    }
    return reader.made(
      .reduceSum, [x],
      [.integers("axes", axes.isEmpty ? Array(x.shape.indices) : axes.map { reader.axis($0, x) })])
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }
}
