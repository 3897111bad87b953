import DecoupledBackendKit
import DecoupledCore

/// One input of a node of a case.
enum InputSpec: Hashable, Sendable {
  case absent
  case tensor([Int])
  /// The output with that number of the node before, made and read inside the chain.
  case previous(Int)
}

/// A node of a case: an operator, the attributes that are written out, and its inputs. Shapes of outputs follow.
struct NodeSpec: Hashable, Sendable {
  var kind: OperatorKind
  var attributes: [Attribute] = []
  var inputs: [InputSpec]
  /// Optional outputs that are left out.
  var absentOutputs: Set<Int> = []

  init(_ kind: OperatorKind, _ inputs: [InputSpec], _ attributes: [Attribute] = [], without absent: Set<Int> = []) {
    self.kind = kind
    self.inputs = inputs
    self.attributes = attributes
    absentOutputs = absent
  }

  /// The values of an attribute, or what the operator has without it; nil where it has nothing then.
  func integers(_ name: String) -> [Int]? {
    if case .integers(let values)? = attributes.first(where: { $0.name == name })?.content { return values }
    guard case .integers(let values)? = kind.signature.attribute(name)?.standard else { return nil }
    return values
  }

  func integer(_ name: String) -> Int { integers(name)?.first ?? 0 }

  func flag(_ name: String) -> Bool { integer(name) != 0 }

  /// A real attribute, or what the operator has without it; 1 where it has nothing then.
  func real(_ name: String) -> Double {
    if case .reals(let values)? = attributes.first(where: { $0.name == name })?.content { return values[0] }
    guard case .reals(let values)? = kind.signature.attribute(name)?.standard else { return 1 }
    return values?.first ?? 1
  }
}
