import DecoupledBackendKit

extension CaseList {
  /// The cases of `perf`: layers of real networks, as the backend prefers them.
  static var measured: [Case] {
    NetworkLayers.cases.map {
      var layer = $0
      layer.layout = .preferred
      return layer
    }
  }

  /// The cases of `support`: every operator and fused chain in each kind of memory, some shapes of each.
  static var offered: [Case] {
    let shapesOfEach = 8
    var cases: [Case] = []
    for kind in OperatorKind.allCases {
      for number in 0..<shapesOfEach {
        var numbers = Numbers(1, Int(kind.rawValue) << 16 + number)
        cases += kinds(Case([kind.entry.node(&numbers)]))
      }
    }
    for (index, pattern) in Chains.patterns.enumerated() {
      for number in 0..<shapesOfEach {
        var numbers = Numbers(1, 1 << 24 + index << 16 + number)
        if let nodes = Chains.nodes(pattern, &numbers) { cases += kinds(Case(nodes)) }
      }
    }
    return cases.filter { (try? $0.shapes()) != nil }
  }

  /// The columns of the table.
  private static func kinds(_ plain: Case) -> [Case] {
    func changed(_ body: (inout Case) -> Void) -> Case {
      var other = plain
      body(&other)
      return other
    }
    let hasWeights = plain.nodes.contains { $0.inputRoles.contains(where: \.isWeight) }
    return [plain, changed { $0.layout = .nhwc }, changed { $0.elementType = .float64 }, changed { $0.gap = .pitch }]
      + (hasWeights ? [changed { $0.hasHalfWeights = true }] : [])
  }
}
