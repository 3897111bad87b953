/// Operators and chains that can be differentiated, with small random shapes.
enum GradientCases {
  private static let casesOfEach = 6

  private static let operators: [OperatorKind] = [
    .conv, .convTranspose, .reduceSum, .maxPool, .maxUnpool, .averagePool, .averageUnpool, .relu, .sigmoid, .softmax,
    .batchNormalization, .concat, .mul, .add, .gemm, .dropout, .resize, .sigmoidCrossEntropy, .softmaxCrossEntropy,
    .scale,
  ]

  private static let chains: [[OperatorKind]] = [
    [.conv, .relu], [.conv, .batchNormalization, .relu], [.conv, .relu, .maxPool], [.convTranspose, .relu],
    [.maxUnpool, .convTranspose, .batchNormalization, .relu], [.batchNormalization, .relu], [.averagePool, .sigmoid],
  ]

  static func all(seed: UInt64) -> [Case] {
    var cases: [Case] = []
    for (index, pattern) in (operators.map { [$0] } + chains).enumerated() {
      var number = 0
      var found = 0
      // Some attributes have no gradient in the engine; others are drawn then.
      while found < casesOfEach, number < 20 * casesOfEach {
        var numbers = Numbers(seed, 2 << 24 + index << 16 + number)
        number += 1
        guard
          let nodes = pattern.count == 1 ? [RandomNodes.node(pattern[0], &numbers)] : Chains.nodes(pattern, &numbers)
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

  /// Leaves out what a difference cannot judge: places that several values share, of which the last one wins, and
  /// statistics of so few numbers that a step changes them altogether.
  private static func isSmooth(_ subject: Case) -> Bool {
    guard let shapes = try? subject.shapes() else { return false }
    let values = CaseValues(subject, shapes: shapes)
    return subject.nodes.indices.allSatisfy { index in
      let node = subject.nodes[index]
      if node.kind == .batchNormalization, node.flag("training_mode"), let x = shapes.inputs[index][0] {
        return x.reduce(1, *) / x[1] >= 16
      }
      guard node.kind == .maxUnpool, let indices = shapes.inputs[index][1] else { return true }
      let plane = indices[2] * indices[3]
      let places = values.inputs[index][1]
      return stride(from: 0, to: places.count, by: plane).allSatisfy { start in
        Set(places[start..<start + plane]).count == plane
      }
    }
  }
}
