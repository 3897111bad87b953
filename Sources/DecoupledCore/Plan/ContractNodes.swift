import CDecoupled
import Glibc

/// Nodes of a graph written out as the structs of `backend.h`. The memory lives as long as this object.
final class ContractNodes {
  let nodes: UnsafeMutableBufferPointer<dcn_node>
  private var allocations: [UnsafeMutableRawPointer] = []

  /// - Parameters:
  ///   - chain: indices of the graph's nodes.
  ///   - isInternal: whether a value is made and used inside the chain only.
  ///   - isUsed: whether anybody reads a value.
  ///   - read, written: the value of the plan in which a value of the graph is read or written, and its shape and strides.
  init(
    _ graph: Graph, chain: [Int], isInternal: (ValueID) -> Bool, isUsed: (ValueID) -> Bool,
    read: (ValueID) -> PlacedValue, written: (ValueID) -> PlacedValue
  ) {
    nodes = .allocate(capacity: chain.count)
    nodes.initialize(repeating: dcn_node())
    for (position, index) in chain.enumerated() {
      let node = graph.nodes[index]
      let inputs = node.inputs.map { id -> dcn_operand in
        guard let id else { return absent() }
        var operand = self.operand(isInternal(id) ? written(id) : read(id), isInternal: isInternal(id))
        if graph[id].role == .parameter { operand.flags |= Int32(DCN_OPERAND_CONSTANT) }
        return operand
      }
      let outputs = node.outputs.enumerated().map { output, id -> dcn_operand in
        if !isUsed(id) && node.operation.optionalOutputs.contains(output) { return absent() }
        return operand(written(id), isInternal: isInternal(id))
      }
      nodes[position] = self.node(
        node.operation.kind ?? -1, node.name, node.operation.attributes, inputs: inputs, outputs: outputs)
    }
  }

  /// A Convert of one value into another layout.
  init(converting source: PlacedValue, to target: PlacedValue, name: String) {
    nodes = .allocate(capacity: 1)
    nodes.initialize(repeating: dcn_node())
    nodes[0] = node(
      Int32(DCN_OPERATOR_CONVERT), name, [], inputs: [operand(source, isInternal: false)],
      outputs: [operand(target, isInternal: false)])
  }

  private func node(
    _ kind: Int32, _ name: String, _ attributes: [Attribute], inputs: [dcn_operand], outputs: [dcn_operand]
  ) -> dcn_node {
    var node = dcn_node()
    node.struct_size = UInt32(MemoryLayout<dcn_node>.size)
    node.kind = kind
    node.name = UnsafePointer(text(name))
    node.attributes = UnsafePointer(array(attributes.map(attribute)))
    node.attribute_count = Int32(attributes.count)
    node.inputs = UnsafePointer(array(inputs))
    node.input_count = Int32(inputs.count)
    node.outputs = UnsafePointer(array(outputs))
    node.output_count = Int32(outputs.count)
    return node
  }

  deinit {
    allocations.forEach { $0.deallocate() }
    nodes.deallocate()
  }

  private func absent() -> dcn_operand {
    var operand = dcn_operand()
    operand.struct_size = UInt32(MemoryLayout<dcn_operand>.size)
    operand.flags = Int32(DCN_OPERAND_ABSENT)
    operand.value = -1
    operand.tensor.struct_size = UInt32(MemoryLayout<dcn_tensor>.size)
    return operand
  }

  private func operand(_ value: PlacedValue, isInternal: Bool) -> dcn_operand {
    var operand = dcn_operand()
    operand.struct_size = UInt32(MemoryLayout<dcn_operand>.size)
    operand.value = Int32(value.id.index)
    operand.tensor = value.tensor
    if isInternal { operand.flags = Int32(DCN_OPERAND_INTERNAL) }
    return operand
  }

  private func attribute(_ attribute: Attribute) -> dcn_attribute {
    var written = dcn_attribute()
    written.struct_size = UInt32(MemoryLayout<dcn_attribute>.size)
    written.name = UnsafePointer(text(attribute.name))
    switch attribute.content {
    case .integers(let values):
      written.count = Int32(values.count)
      written.integers = UnsafePointer(array(values.map(Int64.init)))
    case .reals(let values):
      written.count = Int32(values.count)
      written.reals = UnsafePointer(array(values))
    }
    return written
  }

  private func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
    copy.initialize(from: elements, count: elements.count)
    allocations.append(UnsafeMutableRawPointer(copy))
    return copy
  }

  private func text(_ string: String) -> UnsafeMutablePointer<CChar> {
    array(string.utf8.map { CChar(bitPattern: $0) } + [0])
  }
}
