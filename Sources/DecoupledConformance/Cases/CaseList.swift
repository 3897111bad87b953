import DecoupledBackendKit

/// The cases that a seed stands for.
public enum CaseList {
  private static let casesPerOperator = 14
  private static let casesPerChain = 5

  /// Every case of `test`, in a fixed order: each operator and fused chain with random shapes in all kinds of memory, then
  /// the layers of real networks.
  public static func all(seed: UInt64) -> [Case] {
    var cases: [Case] = []
    for kind in OperatorKind.allCases {
      for number in 0..<casesPerOperator {
        var numbers = Numbers(seed, Int(kind.rawValue) << 16 + number)
        cases += single(kind, number, seed, &numbers)
      }
    }
    for (index, pattern) in Chains.patterns.enumerated() {
      for number in 0..<casesPerChain {
        var numbers = Numbers(seed, 1 << 24 + index << 16 + number)
        guard let nodes = Chains.nodes(pattern, &numbers) else { continue }
        var plain = Case(nodes)
        plain.seed = seed &* 1_000_003 &+ UInt64(index * casesPerChain + number)
        cases += layouts(plain)
        var other = plain
        other.layout = numbers.pick([.nchw, .preferred, .mixed])
        vary(&other, &numbers)
        cases.append(other)
      }
    }
    for (number, layer) in NetworkLayers.cases.enumerated() {
      var layer = layer
      layer.seed = seed &* 1_000_003 &+ UInt64(number)
      cases += layouts(layer)
    }
    var seen = Set<Case>()
    return cases.filter { ((try? $0.shapes()) != nil) && seen.insert($0).inserted }
  }

  private static func single(
    _ kind: OperatorKind, _ number: Int, _ seed: UInt64, _ numbers: inout Numbers
  ) -> [Case] {
    var plain = Case([kind.entry.node(&numbers)])
    plain.seed = seed &* 1_000_003 &+ UInt64(Int(kind.rawValue) * casesPerOperator + number)
    // A node of its own for each further kind of memory, so that shapes vary with it.
    func another() -> Case {
      var other = plain
      other.nodes = [kind.entry.node(&numbers)]
      return other
    }
    var cases = layouts(plain)
    for layout in [Case.LayoutChoice.nchw, .preferred, .mixed] {
      var other = another()
      other.layout = layout
      vary(&other, &numbers)
      cases.append(other)
    }
    if number % 3 == 0 {
      for layout in [Case.LayoutChoice.nchw, .preferred] {
        var special = another()
        special.contents = .special
        special.layout = layout
        cases.append(special)
      }
      var double = another()
      double.elementType = .float64
      cases.append(double)
    }
    let roles = plain.nodes[0].inputRoles
    if roles.contains(where: \.isWeight) {
      var half = another()
      half.hasHalfWeights = true
      half.layout = numbers.pick([.nchw, .preferred, .mixed])
      cases.append(half)
    }
    if number % 2 == 0 {
      var wrong = another()
      let node = wrong.nodes[0]
      // A map that no operand uses need not be read.
      let isMapped = node.inputRoles.contains(where: \.isPerImage)
      let hasIndex = zip(node.inputRoles, node.inputs).contains {
        $0.fill.isIndex && ($0.fill != .image || isMapped) && $1 != .absent
      }
      wrong.contents = .misplaced
      wrong.layout = numbers.pick([.nchw, .preferred])
      if hasIndex { cases.append(wrong) }
    }
    return cases
  }

  /// A case with every value as the caller has it, as the backend prefers it, and as it goes out.
  private static func layouts(_ plain: Case) -> [Case] {
    guard let shapes = try? plain.shapes() else { return [] }
    guard (shapes.inputs.joined().compactMap { $0 } + shapes.outputs.joined()).contains(where: { $0.count == 4 }) else {
      return [plain]
    }
    return [Case.LayoutChoice.nchw, .preferred, .mixed].map {
      var other = plain
      other.layout = $0
      return other
    }
  }

  /// Other memory than the usual: gaps, odd addresses, the edge of memory, fewer rows, parameters that change.
  private static func vary(_ subject: inout Case, _ numbers: inout Numbers) {
    switch numbers.int(0...3) {
    case 0: subject.isAtEdge = true
    case 1: subject.byteOffset = numbers.pick([8, 24, 32])
    default: break
    }
    if subject.byteOffset == 0, !subject.isAtEdge {
      // A value inside a chain has no gaps, so that a backend may take it there and not outside.
      subject.gap = numbers.pick(subject.nodes.count > 1 ? [.slice, .none] : [.slice, .slice, .pitch, .none])
    }
    if numbers.chance(0.3) { subject.hasConstants = false }
    let rows = subject.nodes[0].inputs.first.flatMap { input -> Int? in
      guard case .tensor(let shape) = input, subject.nodes[0].isBatched(0) else { return nil }
      return shape[0]
    }
    if let rows, rows > 1, numbers.chance(0.6), subject.nodes.allSatisfy({ $0.kind.entry.takesFewerRows($0) }) {
      subject.batch = numbers.int(1...(rows - 1))
    }
  }
}
