import DecoupledBackendKit

/// Chains of operators that backends may run as one kernel. Any chain may be offered; these are the ones that the networks
/// have, and a few in which a fused form goes wrong easily.
enum Chains {
  static let patterns = listed + OperatorKind.allCases.filter(\.entry.isActivation).flatMap(endings)

  private static let listed: [[OperatorKind]] = [
    [.conv, .relu], [.conv, .batchNormalization], [.conv, .batchNormalization, .relu], [.conv, .relu, .maxPool],
    [.conv, .batchNormalization, .relu, .maxPool], [.conv, .maxPool], [.conv, .sigmoid],
    [.convTranspose, .relu], [.convTranspose, .batchNormalization, .relu], [.convTranspose, .mul],
    [.maxUnpool, .convTranspose], [.maxUnpool, .convTranspose, .batchNormalization, .relu], [.maxUnpool, .conv, .relu],
    [.mul, .convTranspose], [.batchNormalization, .relu], [.batchNormalization, .concat], [.concat, .conv],
    [.averagePool, .sigmoid], [.add, .relu], [.conv, .add], [.relu, .maxPool], [.scale, .add], [.relu, .relu],
    [.gemm, .relu], [.conv, .conv], [.reluGradient, .convTranspose], [.softmax, .resize],
    [.convWeightGradient, .scale],
  ]

  /// What an activation may end, where it is not listed.
  private static func endings(_ activation: OperatorKind) -> [[OperatorKind]] {
    let chains: [[OperatorKind]] = [
      [.conv, activation], [.conv, .batchNormalization, activation], [.conv, activation, .maxPool],
      [.convTranspose, activation], [.batchNormalization, activation],
    ]
    return chains.filter { !listed.contains($0) }
  }

  /// nil where the drawn sizes do not fit the chain.
  static func nodes(_ pattern: [OperatorKind], _ numbers: inout Numbers) -> [NodeSpec]? {
    for _ in 0..<20 {
      var nodes = [pattern[0].entry.node(&numbers)]
      var fits = true
      for kind in pattern.dropFirst() {
        guard let next = follower(kind, of: nodes, &numbers) else {
          fits = false
          break
        }
        nodes.append(next)
      }
      if fits, (try? Case(nodes).shapes()) != nil { return nodes }
    }
    return nil
  }

  /// A node whose first input is the first result of the node before.
  private static func follower(_ kind: OperatorKind, of nodes: [NodeSpec], _ numbers: inout Numbers) -> NodeSpec? {
    guard let shape = (try? Case(nodes).shapes())?.outputs.last?.first else { return nil }
    return kind.entry.follower(of: shape, &numbers)
  }
}
