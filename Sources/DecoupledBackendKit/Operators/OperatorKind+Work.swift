extension OperatorKind {
  /// Multiplications with an addition that a node takes when each is done directly, whatever algorithm runs: half of its
  /// FLOPs. Only products are counted; everything else is bound by memory.
  /// - Parameters:
  ///   - inputs: shapes, nil for absent operands.
  ///   - result: shape of the first output.
  public func multiplyAdds(_ inputs: [[Int]?], result: [Int]) -> Int {
    func count(_ input: Int) -> Int { inputs.indices.contains(input) ? inputs[input]?.reduce(1, *) ?? 0 : 0 }
    let results = result.reduce(1, *)
    switch self {
    // Each result takes the weights of one output channel, each element of x those of one input channel.
    case .conv: return results * count(1) / max(1, result[1])
    case .convTranspose: return count(0) * count(1) / max(1, inputs[0]?[1] ?? 1)
    case .convWeightGradient: return count(1) * results / max(1, result[0])
    case .gemm: return results * count(0) / max(1, result[0])
    default: return 0
    }
  }
}
