/// How the backward pass computes the first result of a node once more, where it reads it first, instead of keeping it until
/// then. Only cheap operators have one.
public struct Recomputation: Sendable {
  /// What becomes of the first input.
  public enum FirstInput: Sendable {
    case isKept
    /// It is computed once more too where its operator has a way.
    case mayBeRecomputed
    /// The same, and the result is kept where it has none.
    case mustBeRecomputed
  }

  public var operation: any Operator
  public var inputs: [ValueID?]
  public var first: FirstInput
  /// Whether the operator's own gradient reads the result, and not the inputs.
  public var servesOwnGradient: Bool

  public init(
    _ operation: any Operator, _ inputs: [ValueID?], first: FirstInput, servesOwnGradient: Bool = false
  ) {
    self.operation = operation
    self.inputs = inputs
    self.first = first
    self.servesOwnGradient = servesOwnGradient
  }
}
