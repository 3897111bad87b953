import DecoupledCore

/// What a machine reaches with one backend: a large matrix product, which is bound by multiplications alone.
enum MatrixPeak {
  private static let size = 1024

  /// GFLOP/s of the best of some runs.
  static func measure(_ backend: Backend, _ control: RunControl) throws -> Double {
    var graph = Graph()
    let type = ValueType(.float32, [size, size])
    let (a, b) = (try graph.addInput("a", type), try graph.addInput("b", type))
    let product = try graph.add1(Gemm(), [a, b, nil], name: "product")
    let plan = try Plan(graph, feeds: [a, b], fetches: [product], backend: backend)
    let ones = try Tensor([Float](repeating: 1, count: size * size), shape: [size, size])
    let execution = Execution(control)
    var (best, spent) = (Double.infinity, 0.0)
    execution.onKernel = {
      best = min(best, $0.seconds)
      spent += $0.seconds
    }
    var results: [ValueID: Tensor] = [:]
    // Slow backends once or twice.
    for _ in 0..<8 where spent < 0.5 {
      try execution.run(plan, feeds: [a: ones, b: ones], parameters: ParameterStore(), results: &results)
    }
    return 2e-9 * Double(size * size * size) / best
  }
}
