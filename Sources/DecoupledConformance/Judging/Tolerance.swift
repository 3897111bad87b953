import DecoupledBackendKit

/// How far a result may be from the exact one, as a share of the largest number in it. It belongs to the case: no backend
/// has a tolerance of its own.
enum Tolerance {
  /// - Parameter count: how many nodes of the chain came before the result, itself among them.
  static func of(_ subject: Case, nodes count: Int) -> Double {
    subject.nodes.prefix(count).reduce(0) { sum, node in
      let precision = node.kind.signature.precision(node.flag)
      return sum + (subject.elementType == .float64 ? precision.doubleTolerance : precision.tolerance)
    }
  }
}
