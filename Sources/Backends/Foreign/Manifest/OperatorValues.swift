import DecoupledBackendKit

/// The values that the arguments of an operator's function name: `input.0`, `output.0.elements`, `input.1.dim.2`,
/// `attribute.kernel_shape.0`.
final class OperatorValues {
  private let function: String
  private let signature: OperatorSignature
  private(set) var values: [OperatorEntry.Value] = []
  /// The element types of the operands whose memory is handed over, by name.
  private(set) var types: [String: CDeclaration.Base] = [:]
  /// Numbers of the values that are handed over as real numbers.
  private(set) var reals = Set<Int>()

  init(_ function: String, of signature: OperatorSignature) {
    self.function = function
    self.signature = signature
  }

  static func name(_ isOutput: Bool, _ place: Int) -> String { "\(isOutput ? "output" : "input").\(place)" }

  /// - Throws: `ManifestError` when one operand is to be of two types, or of one that no tensor has.
  func find(_ name: String, _ type: CDeclaration.CType) throws -> (number: Int, role: ArgumentReader.Role)? {
    guard let value = value(name) else { return nil }
    defer { values.append(value) }
    switch value {
    case .memory(let isOutput, _):
      guard [.float, .double, .int32, .int64].contains(type.base) else {
        throw ManifestError("'\(function)' gets \"\(name)\" as \(type), which no tensor's elements are")
      }
      if let other = types.updateValue(type.base, forKey: name), other != type.base {
        throw ManifestError("'\(function)' gets \"\(name)\" as \(other.rawValue) and as \(type.base.rawValue)")
      }
      return (values.count, .memory(type.base, isWritten: isOutput))
    case .attribute where type.base.isReal:
      reals.insert(values.count)
      return (values.count, .real)
    case .attribute, .elements, .dimension: return (values.count, .integer)
    }
  }

  private func value(_ name: String) -> OperatorEntry.Value? {
    let words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if words[0] == "attribute" {
      guard words.count == 2 || words.count == 3, signature.attribute(words[1]) != nil,
        let index = words.count == 2 ? 0 : Int(words[2]), index >= 0
      else { return nil }
      return .attribute(words[1], index)
    }
    guard ["input", "output"].contains(words[0]), words.count > 1, let place = Int(words[1]), place >= 0 else {
      return nil
    }
    let isOutput = words[0] == "output"
    let operands = isOutput ? signature.outputs : signature.inputs
    guard operands.indices.contains(place) || operands[0].traits.contains(.repeated) && place < 16 else { return nil }
    switch words.dropFirst(2) {
    case []: return .memory(isOutput: isOutput, place)
    case ["elements"]: return .elements(isOutput: isOutput, place)
    default:
      guard words.count == 4, words[2] == "dim", let axis = Int(words[3]), (0..<8).contains(axis) else { return nil }
      return .dimension(isOutput: isOutput, place, axis: axis)
    }
  }
}
