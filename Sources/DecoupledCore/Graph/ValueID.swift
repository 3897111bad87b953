/// Identifies a value of one graph.
public struct ValueID: Hashable, Sendable {
  public let index: Int
}
