public struct Node: Sendable {
  public let name: String
  public let operation: any Operator
  /// Optional inputs that are absent are nil.
  public let inputs: [ValueID?]
  public let outputs: [ValueID]
  /// Whether `gradient` made this node. Such nodes cannot be differentiated again.
  public let isGradient: Bool
}
