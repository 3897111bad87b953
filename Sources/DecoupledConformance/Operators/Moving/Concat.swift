import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

struct ConcatEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    var shape = numbers.chance(0.25) ? [numbers.int(1...5), numbers.int(1...30)] : numbers.image()
    let axis = numbers.chance(0.7) ? 1 : numbers.int(0...(shape.count - 1))
    let mapped = axis > 0 && numbers.chance(0.4)
    var flags: [Int] = []
    var inputs: [InputSpec] = []
    let count = numbers.int(1...3)
    for index in 0..<count {
      shape[axis] = numbers.int(1...9)
      var operand = shape
      flags.append(mapped && index != count - 1 ? numbers.int(0...1) : 0)
      if flags[index] == 1 { operand[0] = numbers.int(1...3) }
      inputs.append(.tensor(operand))
    }
    let attributes: [Attribute] = axis == 1 && numbers.chance(0.5) ? [] : [.integer("axis", axis)]
    guard mapped else { return NodeSpec(.concat, inputs, attributes) }
    return NodeSpec(.concat, inputs + [.tensor([shape[0]])], attributes + [.integers("mapped", flags)])
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let flags = node.integers("mapped") ?? [Int](repeating: 0, count: inputs.shapes.count)
    let axis = node.integer("axis")
    guard let leading = flags.firstIndex(of: 0) else {
      throw EngineError(.invalidArgument, "Concat needs an operand that is not mapped.")
    }
    var result = try inputs(leading)
    let sizes = try flags.indices.map { index in
      let operand = try inputs(index)
      guard operand.indices.contains(axis), result.indices.contains(axis) else {
        throw EngineError(.invalidArgument, "Concat has no axis \(axis) to join along.")
      }
      return operand[axis]
    }
    result[axis] = sizes.reduce(0, +)
    return [result]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? {
    node.integers("mapped") == nil ? Concat(axis: node.integer("axis")) : nil
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let axis = reader.axis(reader.integer("axis", 1), try reader.required(0))
    return reader.made(.concat, reader.given.compactMap { $0 }, [.integer("axis", axis)])
  }

  func roles(_ node: NodeSpec) -> [OperandRole] {
    func joined(_ index: Int, _ flag: Int) -> OperandRole {
      OperandRole(.init("x\(index)", flag == 1 ? [.batched, .perImage] : .batched))
    }
    guard let flags = node.integers("mapped") else { return node.inputs.indices.map { joined($0, 0) } }
    return flags.enumerated().map { joined($0.offset, $0.element) } + [.rowToImage]
  }

  func takesFewerRows(_ node: NodeSpec) -> Bool { node.integer("axis") != 0 }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    guard shape.count == 4 else { return nil }
    return NodeSpec(.concat, [.previous(0), .tensor([shape[0], numbers.int(1...9)] + shape[2...])])
  }
}
