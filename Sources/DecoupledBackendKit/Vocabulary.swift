public import CDecoupled

/// What the contract knows: nodes with anything else must be declined.
public enum Vocabulary {
  /// How many leading nodes have only attributes, element types and layouts that the contract has. What is private to a
  /// backend is left to that backend.
  public static func known(_ chain: Chain) -> Int { chain.firstIndex { !isKnown($0) } ?? chain.count }

  private static func isKnown(_ node: dcn_node) -> Bool {
    let operands = [node.inputOperands, node.outputOperands].joined().filter { !$0.isAbsent }
    let types = Int32(DCN_ELEMENT_F32)...Int32(DCN_ELEMENT_I64)
    guard operands.allSatisfy({ types.contains($0.tensor.element_type) && isKnown(layout: $0.tensor.layout) }) else {
      return false
    }
    return node.kind >= Int32(DCN_OPERATOR_PRIVATE) || knowsAttributes(node)
  }

  /// Whether the node has no attributes but those of its operator.
  public static func knowsAttributes(_ node: dcn_node) -> Bool {
    let signature = node.operatorKind?.signature
    return UnsafeBufferPointer(start: node.attributes, count: Int(node.attribute_count)).allSatisfy { attribute in
      attribute.name.map { signature?.attribute(String(cString: $0)) != nil } ?? false
    }
  }

  private static func isKnown(layout: Int32) -> Bool {
    [Int32(DCN_LAYOUT_NCHW), Int32(DCN_LAYOUT_NHWC)].contains(layout) || layout >= Int32(DCN_LAYOUT_PRIVATE)
  }
}
