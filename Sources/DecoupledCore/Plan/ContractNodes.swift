import CDecoupled

/// Nodes of a graph written out as the structs of `backend.h`. They live as long as this object.
final class ContractNodes {
  var nodes: UnsafeMutableBufferPointer<dcn_node> { memory.nodes }
  private let memory: ContractMemory

  /// - Parameters:
  ///   - chain: indices of the graph's nodes.
  ///   - isInternal: whether a value is made and used inside the chain only.
  ///   - isUsed: whether anybody reads a value.
  ///   - read, written: the value of the plan in which a value of the graph is read or written, and its shape and strides.
  init(
    _ graph: Graph, chain: [Int], isInternal: (ValueID) -> Bool, isUsed: (ValueID) -> Bool,
    read: (ValueID) -> PlacedValue, written: (ValueID) -> PlacedValue
  ) {
    memory = ContractMemory(nodeCount: chain.count)
    for (position, index) in chain.enumerated() {
      let node = graph.nodes[index]
      let inputs = node.inputs.map { id -> dcn_operand in
        guard let id else { return ContractMemory.absent() }
        var operand = self.operand(isInternal(id) ? written(id) : read(id), isInternal: isInternal(id))
        if graph[id].role == .parameter { operand.flags |= Int32(DCN_OPERAND_CONSTANT) }
        return operand
      }
      let outputs = node.outputs.enumerated().map { output, id -> dcn_operand in
        if !isUsed(id) && node.operation.optionalOutputs.contains(output) { return ContractMemory.absent() }
        return operand(written(id), isInternal: isInternal(id))
      }
      nodes[position] = memory.node(
        node.operation.kind?.rawValue ?? -1, node.name, node.operation.attributes, inputs: inputs, outputs: outputs)
    }
  }

  /// A Convert of one value into another layout.
  init(converting source: PlacedValue, to target: PlacedValue, name: String) {
    memory = ContractMemory(nodeCount: 1)
    nodes[0] = memory.node(
      Int32(DCN_OPERATOR_CONVERT), name, [], inputs: [operand(source, isInternal: false)],
      outputs: [operand(target, isInternal: false)])
  }

  private func operand(_ value: PlacedValue, isInternal: Bool) -> dcn_operand {
    var operand = dcn_operand()
    operand.struct_size = UInt32(MemoryLayout<dcn_operand>.size)
    operand.value = Int32(value.id.index)
    operand.tensor = value.tensor
    if isInternal { operand.flags = Int32(DCN_OPERAND_INTERNAL) }
    return operand
  }
}
