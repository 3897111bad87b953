import CDecoupled
import DecoupledBackendKit

/// An element of "operators": a function that computes one operator on row-major tensors.
final class OperatorEntry: Sendable {
  /// What an argument is taken from at each call.
  enum Value: Equatable, Sendable {
    case memory(isOutput: Bool, Int)
    case elements(isOutput: Bool, Int)
    case dimension(isOutput: Bool, Int, axis: Int)
    case attribute(String, Int)
  }

  /// The element before its library is open.
  struct Text {
    fileprivate let kind: OperatorKind
    fileprivate let declaration: CDeclaration
    fileprivate let arguments: [ForeignArgument]
    fileprivate let byReference: Set<Int>
    fileprivate let values: [Value]
    fileprivate let reals: Set<Int>
    fileprivate let types: [String: CDeclaration.Base]
    fileprivate let conditions: [(attribute: String, values: [Double])]
    fileprivate let isCutIntoRows: Bool
    fileprivate let success: Int?

    /// - Throws: `ManifestError` that says what does not fit.
    init(_ value: JSONValue) throws {
      let object = try ManifestObject(value, "an element of \"operators\"")
      try object.requireOnly(["operator", "function", "arguments", "when", "each_row", "success"])
      let name = try object.string("operator")
      // No function of a manifest reads another layout than the row-major one.
      guard let kind = OperatorKind(name: name), kind != .convert else {
        throw ManifestError("there is no operator \"\(name)\"")
      }
      self.kind = kind
      let declaration = try CDeclaration(object.string("function"))
      self.declaration = declaration
      let collector = OperatorValues(declaration.name, of: kind.signature)
      let reader = ArgumentReader(declaration: declaration, lookUp: collector.find)
      (arguments, byReference, _) = try reader.read(object.list("arguments"))
      (values, types, reals) = (collector.values, collector.types, collector.reals)
      guard values.contains(where: { if case .memory(true, _) = $0 { true } else { false } }) else {
        throw ManifestError("'\(declaration.name)' gets no output")
      }
      conditions = try object.value("when").map(Self.conditions) ?? []
      switch object.value("each_row") {
      case nil, .bool(false)?: isCutIntoRows = false
      case .bool(true)?: isCutIntoRows = true
      case let other?: throw ManifestError("\"each_row\" is \(other.noun) instead of true or false")
      }
      success = try object.integer("success")
      guard success == nil || declaration.result.base.isInteger else {
        throw ManifestError("\"success\" is given, but '\(declaration.name)' returns no whole number")
      }
    }

    private static func conditions(_ value: JSONValue) throws -> [(attribute: String, values: [Double])] {
      let object = try ManifestObject(value, "\"when\"")
      return try object.names.map { name in
        let elements = if case .array(let list)? = object.value(name) { list } else { [try object.required(name)] }
        return (
          name,
          try elements.map { element in
            switch element {
            case .integer(let number): Double(number)
            case .real(let number): number
            default: throw ManifestError("\"when\" compares \"\(name)\" with \(element.noun) instead of numbers")
            }
          }
        )
      }
    }
  }

  let kind: OperatorKind
  let values: [Value]
  /// Numbers of the values that are handed over as real numbers.
  let reals: Set<Int>
  let isCutIntoRows: Bool
  let success: Int?
  let function: ForeignFunction
  private let types: [String: CDeclaration.Base]
  private let conditions: [(attribute: String, values: [Double])]

  init(_ text: Text, _ library: ForeignLibrary) throws {
    (kind, values, reals, types) = (text.kind, text.values, text.reals, text.types)
    (isCutIntoRows, success, conditions) = (text.isCutIntoRows, text.success, text.conditions)
    function = try ForeignFunction(
      text.declaration, library.function(text.declaration.name), text.arguments, byReference: text.byReference)
  }

  /// Whether the function computes this node: every operand and attribute of it reaches the function or is as "when"
  /// says, and memory is what the signature says.
  func computes(_ node: dcn_node) -> Bool {
    guard node.operatorKind == kind else { return false }
    for attribute in UnsafeBufferPointer(start: node.attributes, count: Int(node.attribute_count)) {
      let name = String(cString: attribute.name)
      let isUsed = values.contains { if case .attribute(let used, _) = $0 { used == name } else { false } }
      guard isUsed || conditions.contains(where: { $0.attribute == name }) else { return false }
    }
    for condition in conditions where node.numbers(condition.attribute) != condition.values { return false }
    for case .attribute(let name, let index) in values {
      guard let numbers = node.numbers(name), numbers.indices.contains(index) else { return false }
    }
    return fits(node.inputOperands, isOutput: false) && fits(node.outputOperands, isOutput: true)
      && (!isCutIntoRows || haveEqualRows(node))
  }

  private func fits(_ operands: UnsafeBufferPointer<dcn_operand>, isOutput: Bool) -> Bool {
    for (place, operand) in operands.enumerated() {
      let name = OperatorValues.name(isOutput, place)
      guard let base = types[name] else {
        if operand.isAbsent { continue }
        return false
      }
      guard !operand.isAbsent, operand.tensor.layout == Int32(DCN_LAYOUT_NCHW), operand.tensor.isContiguous,
        Self.base(operand.tensor.element_type) == base
      else { return false }
    }
    for value in values {
      switch value {
      case .memory(isOutput, let place), .elements(isOutput, let place):
        guard operands.indices.contains(place), !operands[place].isAbsent else { return false }
      case .dimension(isOutput, let place, let axis):
        guard operands.indices.contains(place), !operands[place].isAbsent, axis < operands[place].tensor.rank else {
          return false
        }
      default: continue
      }
    }
    return true
  }

  private func haveEqualRows(_ node: dcn_node) -> Bool {
    let operands = Array(node.inputOperands) + Array(node.outputOperands)
    return Set(operands.filter { !$0.isAbsent }.map { $0.tensor.dimension(0) }).count == 1
  }

  private static func base(_ elementType: Int32) -> CDeclaration.Base? {
    switch Int(elementType) {
    case Int(DCN_ELEMENT_F32): .float
    case Int(DCN_ELEMENT_F64): .double
    case Int(DCN_ELEMENT_I32): .int32
    case Int(DCN_ELEMENT_I64): .int64
    default: nil
    }
  }
}

extension dcn_node {
  /// The numbers of an attribute, nil when the node lacks it.
  func numbers(_ name: String) -> [Double]? {
    let all = UnsafeBufferPointer(start: attributes, count: Int(attribute_count))
    guard let found = all.first(where: { String(cString: $0.name) == name }) else { return nil }
    let places = 0..<Int(found.count)
    return found.integers.map { list in places.map { Double(list[$0]) } }
      ?? found.reals.map { list in places.map { list[$0] } }
  }
}
