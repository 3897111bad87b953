import DecoupledCore

/// How far a result may be from the exact one, as a share of the largest number in it. It belongs to the case: no backend
/// has a tolerance of its own.
enum Tolerance {
  /// - Parameter count: how many nodes of the chain came before the result, itself among them.
  static func of(_ subject: Case, nodes count: Int) -> Double {
    subject.nodes.prefix(count).reduce(0) { $0 + of($1, subject.elementType) }
  }

  private static func of(_ node: NodeSpec, _ type: ElementType) -> Double {
    if type == .float64 { return moves(node) ? 0 : 1e-11 }
    let rounding = 0x1p-23
    switch node.kind {
    case _ where moves(node): return 0
    // Two roundings: of the factor, and of the product.
    case .mul, .add, .scale, .dropout: return rounding
    // Sums of products of up to 10^5 terms, and the digit that Winograd's transforms lose.
    case .conv, .convTranspose, .convWeightGradient, .gemm: return 1e-4
    case .reduceSum, .batchNormalizationGradient: return 2e-5
    case .batchNormalization, .softmaxCrossEntropy, .sigmoidCrossEntropy: return 1e-5
    default: return 4e-6
    }
  }

  /// Whether the results are inputs, and nothing else.
  static func moves(_ node: NodeSpec) -> Bool {
    switch node.kind {
    case .relu, .reluGradient, .maxPool, .maxUnpoolGradient, .concat, .slice, .gather, .convert: true
    case .maxUnpool: !node.flag("accumulate")
    default: false
    }
  }

  /// What must become of NaN and infinity in the inputs.
  enum Specials {
    /// Every element as the formula has it.
    case exact
    /// What the formula makes not finite stays so; other results of the same image may become so too, because transforms
    /// and products of blocks mix its pixels.
    case withinImage
    /// The same for the whole result.
    case anywhere
  }

  static func specials(_ node: NodeSpec) -> Specials {
    switch node.kind {
    case .mul, .add, .scale, .dropout, .sigmoid: .exact
    case _ where moves(node): .exact
    case .conv, .convTranspose, .averagePool, .averageUnpool, .resize, .resizeGradient: .withinImage
    default: .anywhere
    }
  }
}
