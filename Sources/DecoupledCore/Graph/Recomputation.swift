/// Forward values that the backward pass computes once more, where it reads them first, instead of keeping them until then.
struct Recomputation {
  private var copies: [ValueID: ValueID] = [:]

  /// The node with copies in place of the values that its gradient rule may read. Copies that it does not read are dropped
  /// with all dead nodes.
  mutating func source(of node: Node, in graph: inout Graph) throws -> Node {
    if node.operation is Relu, let input = node.inputs[0], graph.isNormalization(input) {
      // A copy of its own: a backend can take normalisation, ReLU and the gradients of both as one kernel, and a copy that
      // others read would have to stay in memory with what they make.
      var own = Recomputation()
      let copy = try own.copy(of: node.outputs[0], in: &graph)
      return node.replacing(inputs: node.inputs, outputs: [copy])
    }
    let inputs = try node.inputs.map { try $0.map { try copy(of: $0, in: &graph) } }
    return node.replacing(inputs: inputs, outputs: node.outputs)
  }

  /// A value that is cheap to compute, computed again; any other value itself.
  private mutating func copy(of value: ValueID, in graph: inout Graph) throws -> ValueID {
    if let known = copies[value] { return known }
    guard case .result(let index, 0) = graph[value].role else { return value }
    let node = graph.nodes[index]
    var (operation, inputs) = (node.operation, node.inputs)
    switch operation {
    case let normalization as BatchNormalization:
      // The statistics of the batch are known by now.
      if normalization.training { inputs += node.outputs.dropFirst().map { $0 } }
      operation = BatchNormalization(epsilon: normalization.epsilon, training: false)
    case is Relu:
      guard let input = inputs[0], graph.isNormalization(input) else { return value }
      inputs[0] = try copy(of: input, in: &graph)
    case let unpool as MaxUnpool where !unpool.accumulate:
      inputs[0] = try inputs[0].map { try copy(of: $0, in: &graph) }
    default: return value
    }
    let name = graph.freeName("\(node.name)/again")
    let made = try graph.add(operation, inputs, name: name, isGradient: true)[0]
    copies[value] = made
    return made
  }
}

extension Graph {
  fileprivate func isNormalization(_ value: ValueID) -> Bool {
    guard case .result(let index, 0) = self[value].role else { return false }
    return nodes[index].operation is BatchNormalization && !nodes[index].isGradient
  }
}

extension Node {
  fileprivate func replacing(inputs: [ValueID?], outputs: [ValueID]) -> Node {
    Node(name: name, operation: operation, inputs: inputs, outputs: outputs, isGradient: isGradient)
  }
}
