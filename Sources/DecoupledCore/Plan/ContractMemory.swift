import CDecoupled

/// Memory in which nodes are written out as the structs of `backend.h`. It lives as long as this object.
package final class ContractMemory {
  package let nodes: UnsafeMutableBufferPointer<dcn_node>
  private var allocations: [UnsafeMutableRawPointer] = []

  package init(nodeCount: Int) {
    nodes = .allocate(capacity: nodeCount)
    nodes.initialize(repeating: dcn_node())
  }

  deinit {
    for allocation in allocations { allocation.deallocate() }
    nodes.deallocate()
  }

  /// The operand that is not there.
  package static func absent() -> dcn_operand {
    var operand = dcn_operand()
    operand.struct_size = UInt32(MemoryLayout<dcn_operand>.size)
    operand.flags = Int32(DCN_OPERAND_ABSENT)
    operand.value = -1
    operand.tensor = .absent
    return operand
  }

  /// A node whose strings and lists lie in this memory.
  package func node(
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
