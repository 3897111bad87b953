/// Where a value comes from.
public enum ValueRole: Hashable, Sendable {
  /// Handed in at every run.
  case input
  /// Weights and statistics that live outside the graph, found by the value's name.
  case parameter
  /// Output number `output` of node number `node`.
  case result(node: Int, output: Int)
}
