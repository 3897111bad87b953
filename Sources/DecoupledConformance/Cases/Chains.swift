/// Chains of operators that backends may run as one kernel. Any chain may be offered; these are the ones that the networks
/// have, and a few in which a fused form goes wrong easily.
enum Chains {
  static let patterns: [[OperatorKind]] = [
    [.conv, .relu], [.conv, .batchNormalization], [.conv, .batchNormalization, .relu], [.conv, .relu, .maxPool],
    [.conv, .batchNormalization, .relu, .maxPool], [.conv, .maxPool], [.conv, .sigmoid],
    [.convTranspose, .relu], [.convTranspose, .batchNormalization, .relu], [.convTranspose, .mul],
    [.maxUnpool, .convTranspose], [.maxUnpool, .convTranspose, .batchNormalization, .relu], [.maxUnpool, .conv, .relu],
    [.mul, .convTranspose], [.batchNormalization, .relu], [.batchNormalization, .concat], [.concat, .conv],
    [.averagePool, .sigmoid], [.add, .relu], [.conv, .add], [.relu, .maxPool], [.scale, .add], [.relu, .relu],
    [.gemm, .relu], [.conv, .conv], [.reluGradient, .convTranspose], [.softmax, .resize],
    [.convWeightGradient, .scale],
  ]

  /// nil where the drawn sizes do not fit the chain.
  static func nodes(_ pattern: [OperatorKind], _ numbers: inout Numbers) -> [NodeSpec]? {
    for _ in 0..<20 {
      var nodes = [RandomNodes.node(pattern[0], &numbers)]
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
    let made = InputSpec.previous(0)
    switch kind {
    case .relu, .sigmoid, .softmax: return NodeSpec(kind, [made])
    case .scale: return NodeSpec(kind, [made], [.real("factor", 0.5)])
    case .batchNormalization where shape.count > 1:
      let channels = InputSpec.tensor([shape[1]])
      if numbers.chance(0.15) { return NodeSpec(kind, [made, channels, channels], [.flag("training_mode", true)]) }
      return NodeSpec(kind, [made, channels, channels, channels, channels], [.real("epsilon", 1e-9)])
    case .maxPool where shape.count == 4 && shape[2] > 1 && shape[3] > 1:
      return NodeSpec(
        kind, [made], [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])],
        without: numbers.chance(0.3) ? [1] : [])
    case .mul, .add: return NodeSpec(kind, [made, .tensor(shape)])
    case .concat where shape.count == 4:
      return NodeSpec(kind, [made, .tensor([shape[0], numbers.int(1...9)] + shape[2...])])
    case .resize where shape.count == 4:
      return NodeSpec(kind, [made], [.integers("output_shape", [2 * shape[2], 2 * shape[3]]), .integer("mode", 1)])
    case .conv, .convTranspose:
      guard shape.count == 4 else { return nil }
      let kernel = numbers.chance(0.6) ? 3 : 1
      let m = RandomNodes.channels(&numbers)
      let weight = kind == .conv ? [m, shape[1], kernel, kernel] : [shape[1], m, kernel, kernel]
      let pad = kernel / 2
      return NodeSpec(kind, [made, .tensor(weight), .tensor([m])], [.integers("pads", [pad, pad, pad, pad])])
    default: return nil
    }
  }
}
