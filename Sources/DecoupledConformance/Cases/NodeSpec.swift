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

  func integers(_ name: String) -> [Int]? {
    guard case .integers(let values)? = attributes.first(where: { $0.name == name })?.content else { return nil }
    return values
  }

  func integer(_ name: String, default value: Int) -> Int { integers(name)?.first ?? value }

  func flag(_ name: String) -> Bool { integer(name, default: 0) != 0 }

  /// How many outputs the operator has, the left-out ones among them.
  var outputCount: Int {
    switch kind {
    case .maxPool, .dropout: 2
    case .batchNormalization: flag("training_mode") ? 3 : 1
    case .batchNormalizationGradient: 3
    default: 1
    }
  }

  /// Outputs that a node may leave out.
  var optionalOutputs: Set<Int> {
    switch kind {
    case .maxPool: [1]
    case .batchNormalizationGradient: flag("mapped") ? [0, 1, 2] : [0]
    default: []
    }
  }
}
