/// What `backend.h` says of an operator: its operands, its attributes, and how precise its results are.
public struct OperatorSignature: Sendable {
  public struct Operand: Sendable {
    public struct Traits: OptionSet, Sendable {
      public let rawValue: Int
      public init(rawValue: Int) { self.rawValue = rawValue }

      public static let optional = Traits(rawValue: 1)
      /// Belongs to a model, not to a batch.
      public static let parameter = Traits(rawValue: 2)
      /// A parameter that may be offered in half precision.
      public static let weight = Traits(rawValue: 6)
      /// Has one row for each image where `row_to_image` is given.
      public static let perImage = Traits(rawValue: 8)
      /// Stands for any number of operands.
      public static let repeated = Traits(rawValue: 16)
      /// Axis 0 counts rows of the batch.
      public static let batched = Traits(rawValue: 32)
    }

    public let name: String
    public let traits: Traits
    /// A `DCN_ELEMENT_`, nil for the floating-point type that the node's operands share.
    public let elementType: Int32?

    public init(_ name: String, _ traits: Traits, _ elementType: Int32? = nil) {
      self.name = name
      self.traits = traits
      self.elementType = elementType
    }
  }

  public struct Attribute: Sendable {
    public enum Standard: Sendable {
      case integers([Int]?)
      case reals([Double]?)
    }

    public let name: String
    /// What a node has that lacks the attribute.
    public let standard: Standard
    public let isRequired: Bool

    init(_ name: String, _ standard: Standard, isRequired: Bool = false) {
      self.name = name
      self.standard = standard
      self.isRequired = isRequired
    }

    public var isReal: Bool { if case .reals = standard { true } else { false } }
  }

  public let name: String
  public let inputs: [Operand]
  public let outputs: [Operand]
  public let attributes: [Attribute]
  private let precision: Precision
  /// The precision of nodes in which that attribute is not 0.
  private let switched: (precision: Precision, attribute: String)?

  init(
    _ name: String, inputs: [Operand], outputs: [Operand], attributes: [Attribute], precision: Precision,
    _ switched: (Precision, String)? = nil
  ) {
    (self.name, self.inputs, self.outputs, self.attributes) = (name, inputs, outputs, attributes)
    (self.precision, self.switched) = (precision, switched)
  }

  /// Whether a node may have that many operands, the absent ones among them.
  public func takes(inputs count: Int, outputs outputCount: Int) -> Bool {
    let least = inputs.firstIndex { $0.traits.contains(.optional) } ?? inputs.count
    return count >= least && (count <= inputs.count || inputs[0].traits.contains(.repeated))
      && (1...outputs.count).contains(outputCount)
  }

  public func attribute(_ name: String) -> Attribute? { attributes.first { $0.name == name } }

  /// How far results may lie from the exact ones.
  /// - Parameter flag: whether an attribute of the node is given and not 0.
  public func precision(_ flag: (String) -> Bool) -> Precision {
    if let switched, flag(switched.attribute) { return switched.precision }
    return precision
  }
}

extension OperatorKind {
  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  /// - Parameter name: as ONNX writes it, `ConvTranspose`.
  public init?(name: some StringProtocol) {
    guard let found = Self.byName[String(name)] else { return nil }
    self = found
  }

  public var name: String { signature.name }

  public var signature: OperatorSignature { OperatorSignature.all[Int(rawValue) - 1] }
}
