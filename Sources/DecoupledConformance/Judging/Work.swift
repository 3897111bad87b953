/// What a case costs, counted directly, whatever algorithm runs.
enum Work {
  static func multiplyAdds(_ node: NodeSpec, _ inputs: [[Int]?], _ output: [Int]) -> Int {
    func count(_ input: Int) -> Int { inputs.indices.contains(input) ? inputs[input]?.reduce(1, *) ?? 0 : 0 }
    func shape(_ input: Int) -> [Int] { inputs[input] ?? [1] }
    let results = output.reduce(1, *)
    switch node.kind {
    case .conv: return results * count(1) / shape(1)[0]
    case .convTranspose: return count(0) * count(1) / shape(1)[0]
    case .convWeightGradient: return count(1) * results / output[0]
    case .gemm: return results * shape(0)[node.flag("transA") ? 0 : 1]
    default: return 0
    }
  }

  static func multiplyAdds(_ subject: Case, _ shapes: Case.Shapes) -> Int {
    subject.nodes.indices.reduce(0) {
      $0 + multiplyAdds(subject.nodes[$1], shapes.inputs[$1], shapes.outputs[$1][0])
    }
  }

  /// Bytes of all operands that are not made inside the chain.
  static func bytes(_ subject: Case, _ shapes: Case.Shapes) -> Int {
    var sum = 0
    for (index, node) in subject.nodes.enumerated() {
      for (place, input) in node.inputs.enumerated() {
        guard case .tensor(let shape) = input else { continue }
        sum += shape.reduce(1, *) * subject.type(node: index, input: place).byteCount
      }
      for (place, shape) in shapes.outputs[index].enumerated()
      where !node.absentOutputs.contains(place) && !subject.isInternal(node: index, output: place) {
        sum += shape.reduce(1, *) * subject.type(node: index, output: place).byteCount
      }
    }
    return sum
  }
}
