public import CDecoupled

/// The nodes that the host offers as one kernel, each reading an internal output of the one before it.
public typealias Chain = UnsafeBufferPointer<dcn_node>

extension dcn_node {
  /// Name of the layer, for messages.
  public var layerName: String { name.map { String(cString: $0) } ?? "operator \(kind)" }

  /// nil for an operator that the contract does not have, or that is private to a backend.
  public var operatorKind: OperatorKind? { OperatorKind(rawValue: kind) }

  public var operatorName: String {
    private_name.map { String(cString: $0) } ?? operatorKind?.name ?? "Operator\(kind)"
  }

  /// How far the node's results may lie from the exact ones, nil for an operator that the contract does not have.
  public var precision: Precision? {
    operatorKind?.signature.precision { integer($0, default: 0) != 0 }
  }

  public var inputOperands: UnsafeBufferPointer<dcn_operand> {
    UnsafeBufferPointer(start: inputs, count: Int(input_count))
  }

  public var outputOperands: UnsafeBufferPointer<dcn_operand> {
    UnsafeBufferPointer(start: outputs, count: Int(output_count))
  }

  private func attribute(_ name: String) -> dcn_attribute? {
    UnsafeBufferPointer(start: attributes, count: Int(attribute_count)).first { String(cString: $0.name) == name }
  }

  /// A list of integers, nil when the attribute is absent.
  public func integers(_ name: String) -> [Int]? {
    guard let found = attribute(name), let values = found.integers else { return nil }
    return (0..<Int(found.count)).map { Int(values[$0]) }
  }

  public func integer(_ name: String, default value: Int) -> Int { integers(name)?.first ?? value }

  public func real(_ name: String, default value: Double) -> Double {
    guard let found = attribute(name), let values = found.reals, found.count > 0 else { return value }
    return values[0]
  }
}

extension dcn_operand {
  public var isAbsent: Bool { flags & Int32(DCN_OPERAND_ABSENT) != 0 }
  public var isInternal: Bool { flags & Int32(DCN_OPERAND_INTERNAL) != 0 }
  public var isConstant: Bool { flags & Int32(DCN_OPERAND_CONSTANT) != 0 }
}
