extension Graph {
  /// The values that nodes behind `inputs` read of nodes that do not depend on them, in the order in which they are made:
  /// what a plan must keep that runs before the inputs are known. Inputs, and what is made of parameters alone, are not
  /// among them.
  public func valuesCrossing(to inputs: [ValueID]) -> [ValueID] {
    let reached = influence(of: inputs)
    let variable = influence(of: values.filter { $0.role == .input }.map(\.id))
    return crossing { node in node.outputs.contains(where: reached.contains) }.filter(variable.contains)
  }

  /// The values of the forward pass that the back pass to `gradient` reads, in the order in which they are made.
  public func valuesReadBackward(to gradient: ValueID) -> [ValueID] {
    var needed: Set<ValueID> = [gradient]
    for node in nodes.reversed() where node.isGradient && node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs.compactMap { $0 })
    }
    return crossing { node in node.isGradient && node.outputs.contains(where: needed.contains) }
  }

  /// All results of the nodes that the values are computed by.
  public func dependencies(of values: [ValueID]) -> Set<ValueID> {
    var needed = Set(values)
    var made: Set<ValueID> = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs.compactMap { $0 })
      made.formUnion(node.outputs)
    }
    return made
  }

  /// Those of the candidates that the values are computed from, going back no further than to them.
  public func boundary(of values: [ValueID], in candidates: Set<ValueID>) -> [ValueID] {
    var needed = Set(values)
    for node in nodes.reversed()
    where node.outputs.contains(where: { needed.contains($0) && !candidates.contains($0) }) {
      needed.formUnion(node.inputs.compactMap { $0 })
    }
    return needed.intersection(candidates).sorted { $0.index < $1.index }
  }

  /// What the nodes on one side read that nodes on the other side make.
  private func crossing(_ isBehind: (Node) -> Bool) -> [ValueID] {
    var read: Set<ValueID> = []
    var behind: Set<ValueID> = []
    for node in nodes where isBehind(node) {
      behind.formUnion(node.outputs)
      read.formUnion(node.inputs.compactMap { $0 })
    }
    return read.subtracting(behind).sorted { $0.index < $1.index }.filter {
      if case .result = self[$0].role { true } else { false }
    }
  }
}
