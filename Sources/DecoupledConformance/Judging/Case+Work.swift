import DecoupledBackendKit

/// What a case costs, whatever algorithm runs.
extension Case {
  func multiplyAdds(_ shapes: Case.Shapes) -> Int {
    nodes.indices.reduce(0) {
      $0 + nodes[$1].kind.multiplyAdds(shapes.inputs[$1], result: shapes.outputs[$1][0])
    }
  }

  /// Bytes of all operands that are not made inside the chain.
  func bytes(_ shapes: Case.Shapes) -> Int {
    var sum = 0
    for (index, node) in nodes.enumerated() {
      for (place, input) in node.inputs.enumerated() {
        guard case .tensor(let shape) = input else { continue }
        sum += shape.reduce(1, *) * type(node: index, input: place).byteCount
      }
      for (place, shape) in shapes.outputs[index].enumerated()
      where !node.absentOutputs.contains(place) && !isInternal(node: index, output: place) {
        sum += shape.reduce(1, *) * type(node: index, output: place).byteCount
      }
    }
    return sum
  }
}
