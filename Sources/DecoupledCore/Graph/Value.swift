public struct Value: Sendable {
  public let id: ValueID
  public let name: String
  public let type: ValueType
  public let role: ValueRole
  /// Of a parameter.
  public let traits: ParameterTraits?
}
