/// The forward values that a backward pass has computed once more.
struct RecomputedValues {
  private var copies: [ValueID: ValueID] = [:]

  /// The node with copies in place of the values that its gradient rule may read. Copies that it does not read are dropped
  /// with all dead nodes.
  mutating func source(of node: Node, in graph: inout Graph) throws -> Node {
    if let own = node.operation.recomputation(of: node), own.servesOwnGradient, graph.isRecomputed(own) {
      // A copy of its own: a backend can take normalisation, activation and the gradients of both as one kernel, and a copy
      // that others read would have to stay in memory with what they make.
      var alone = RecomputedValues()
      let copy = try alone.copy(of: node.outputs[0], in: &graph)
      return node.replacing(inputs: node.inputs, outputs: [copy])
    }
    let inputs = try node.inputs.map { try $0.map { try copy(of: $0, in: &graph) } }
    return node.replacing(inputs: inputs, outputs: node.outputs)
  }

  /// A value that is cheap to compute, computed again; any other value itself.
  private mutating func copy(of value: ValueID, in graph: inout Graph) throws -> ValueID {
    if let known = copies[value] { return known }
    guard let (node, again) = graph.recomputation(of: value), graph.isRecomputed(again) else { return value }
    var inputs = again.inputs
    if again.first != .isKept { inputs[0] = try inputs[0].map { try copy(of: $0, in: &graph) } }
    let name = graph.freeName("\(node.name)/again")
    let made = try graph.add(again.operation, inputs, name: name, isGradient: true)[0]
    copies[value] = made
    return made
  }
}

extension Graph {
  /// How a first result of the forward pass is computed once more, and the node that made it.
  fileprivate func recomputation(of value: ValueID) -> (node: Node, Recomputation)? {
    guard case .result(let index, 0) = self[value].role else { return nil }
    return nodes[index].operation.recomputation(of: nodes[index]).map { (nodes[index], $0) }
  }

  fileprivate func isRecomputed(_ recomputation: Recomputation) -> Bool {
    guard recomputation.first == .mustBeRecomputed, let input = recomputation.inputs[0] else { return true }
    guard let (node, before) = self.recomputation(of: input) else { return false }
    return !node.isGradient && isRecomputed(before)
  }
}

extension Node {
  fileprivate func replacing(inputs: [ValueID?], outputs: [ValueID]) -> Node {
    Node(name: name, operation: operation, inputs: inputs, outputs: outputs, isGradient: isGradient)
  }
}
