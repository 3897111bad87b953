import DecoupledBase
import DecoupledCore

struct SliceEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let shape = numbers.shape()
    let axis = numbers.int(0...(shape.count - 1))
    let start = numbers.int(0...(shape[axis] - 1))
    return NodeSpec(
      .slice, [.tensor(shape)],
      [.integer("axis", axis), .integer("start", start), .integer("end", numbers.int((start + 1)...shape[axis]))])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    var x = try inputs(0)
    let axis = try node.required("axis", 1)[0]
    guard x.indices.contains(axis) else { throw EngineError(.invalidArgument, "Slice has no axis \(axis).") }
    x[axis] = node.integer("end") - node.integer("start")
    return [x]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { nil }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    typealias Excluded = OnnxVector.Excluded
    let x = try reader.required(0)
    let (starts, ends) = (try reader.required(1).integers, try reader.required(2).integers)
    let axes = reader.operand(3)?.integers ?? Array(starts.indices)
    let steps = reader.operand(4)?.integers ?? starts.map { _ in 1 }
    guard steps.allSatisfy({ $0 == 1 }) else { throw Excluded("steps other than 1") }
    func place(_ value: Int, _ size: Int) -> Int { min(size, max(0, value < 0 ? value + size : value)) }
    let cuts = axes.indices.map { index -> (axis: Int, start: Int, end: Int) in
      let axis = reader.axis(axes[index], x)
      return (axis, place(starts[index], x.shape[axis]), place(ends[index], x.shape[axis]))
    }.filter { $0.start > 0 || $0.end < x.shape[$0.axis] }
    guard cuts.count <= 1 else { throw Excluded("a slice along several axes") }
    let cut = cuts.first ?? (0, 0, x.shape[0])
    guard cut.end > cut.start else { throw Excluded("shapes without elements") }
    return reader.made(
      .slice, [x], [.integer("axis", cut.axis), .integer("start", cut.start), .integer("end", cut.end)])
  }

  func takesFewerRows(_ node: NodeSpec) -> Bool { node.integer("axis") != 0 }
}
