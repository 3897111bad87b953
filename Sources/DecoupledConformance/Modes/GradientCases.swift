import DecoupledBackendKit

/// Operators and chains that can be differentiated, with small random shapes.
enum GradientCases {
  private static let casesOfEach = 6

  private static let chains: [[OperatorKind]] = [
    [.conv, .relu], [.conv, .batchNormalization, .relu], [.conv, .relu, .maxPool], [.convTranspose, .relu],
    [.maxUnpool, .convTranspose, .batchNormalization, .relu], [.batchNormalization, .relu], [.averagePool, .sigmoid],
  ]

  /// Activations behind what they are fused with.
  private static let activated = OperatorKind.allCases.filter(\.entry.isActivation).map {
    [.conv, .batchNormalization, $0]
  }.filter { !chains.contains($0) }

  static func all(seed: UInt64) -> [Case] {
    var cases: [Case] = []
    for (index, pattern) in (differentiable.map { [$0] } + chains + activated).enumerated() {
      var number = 0
      var found = 0
      // Some attributes have no gradient in the engine; others are drawn then.
      while found < casesOfEach, number < 20 * casesOfEach {
        var numbers = Numbers(seed, 2 << 24 + index << 16 + number)
        number += 1
        guard
          let nodes = pattern.count == 1 ? [pattern[0].entry.node(&numbers)] : Chains.nodes(pattern, &numbers)
        else { continue }
        var subject = Case(nodes)
        subject.seed = seed &* 1_000_003 &+ UInt64(index * casesOfEach + found)
        guard (try? GradientGraph(subject)) != nil, isSmooth(subject) else { continue }
        cases.append(subject)
        found += 1
      }
    }
    return cases
  }

  /// Operators of which some node has a gradient in the engine.
  private static var differentiable: [OperatorKind] {
    OperatorKind.allCases.filter { kind in
      (0..<casesOfEach).contains { number in
        var numbers = Numbers(0, Int(kind.rawValue) << 16 + number)
        return (try? GradientGraph(Case([kind.entry.node(&numbers)]))) != nil
      }
    }
  }

  private static func isSmooth(_ subject: Case) -> Bool {
    guard let shapes = try? subject.shapes() else { return false }
    let values = CaseValues(subject, shapes: shapes)
    return subject.nodes.indices.allSatisfy { index in
      let node = subject.nodes[index]
      return node.kind.entry.isSmooth(node, shapes.inputs[index], values.inputs[index])
    }
  }
}
