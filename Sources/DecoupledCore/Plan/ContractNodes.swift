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
  ///   - view: descriptor of a value's shape and strides.
  init(
    _ graph: Graph, chain: [Int], isInternal: (ValueID) -> Bool, isUsed: (ValueID) -> Bool,
    view: (ValueID) -> dcn_tensor
  ) {
    nodes = .allocate(capacity: chain.count)
    nodes.initialize(repeating: dcn_node())
    for (position, index) in chain.enumerated() {
      let node = graph.nodes[index]
      var written = dcn_node()
      written.struct_size = UInt32(MemoryLayout<dcn_node>.size)
      written.kind = node.operation.kind ?? -1
      written.name = UnsafePointer(text(node.name))
      let attributes = node.operation.attributes
      written.attributes = UnsafePointer(array(attributes.map(attribute)))
      written.attribute_count = Int32(attributes.count)
      let inputs = node.inputs.map { id -> dcn_operand in
        guard let id else { return absent() }
        var operand = self.operand(id, view(id), isInternal: isInternal(id))
        if graph[id].role == .parameter { operand.flags |= Int32(DCN_OPERAND_CONSTANT) }
        return operand
      }
      written.inputs = UnsafePointer(array(inputs))
      written.input_count = Int32(inputs.count)
      let outputs = node.outputs.enumerated().map { output, id -> dcn_operand in
        if !isUsed(id) && node.operation.optionalOutputs.contains(output) { return absent() }
        return operand(id, view(id), isInternal: isInternal(id))
      }
      written.outputs = UnsafePointer(array(outputs))
      written.output_count = Int32(outputs.count)
      nodes[position] = written
    }
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

  private func operand(_ id: ValueID, _ tensor: dcn_tensor, isInternal: Bool) -> dcn_operand {
    var operand = dcn_operand()
    operand.struct_size = UInt32(MemoryLayout<dcn_operand>.size)
    operand.value = Int32(id.index)
    operand.tensor = tensor
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
