import DecoupledCore
import Testing

/// 3x3 kernels that are zero but in the middle, as those of a layer that was made an identity: their results are exact, zeros
/// above all, among which a pool behind them looks for the largest.
struct PointwiseKernelTests {
  private static let channels = 32

  /// Every third value is 0, the rest differ widely in size.
  private static func image() throws -> Tensor {
    var random = RandomNumbers(5)
    let image = try random.tensor([2, channels, 21, 26])
    let values = try image.elements(Float.self)
    for i in values.indices { values[i] *= i % 3 == 0 ? 0 : i % 5 == 0 ? 1000 : 1 }
    return image
  }

  private static func fill(_ weights: Tensor, _ value: (_ row: Int, _ column: Int, _ cell: Int) -> Float) throws {
    let elements = try weights.elements(Float.self)
    for i in elements.indices { elements[i] = value(i / 9 / channels, i / 9 % channels, i % 9) }
  }

  @Test(arguments: ["openblas", "cpu"], [false, true])
  func areExact(_ name: String, transposed: Bool) throws {
    var graph = Graph()
    let shape = [2, Self.channels, 21, 26]
    let x = try graph.addInput("x", ValueType(.float32, shape, batch: BatchDimension("rows")))
    let w = try graph.addParameter("w", [Self.channels, Self.channels, 3, 3])
    // Between two others, so that a backend may choose how it is laid out.
    let before = try graph.add1(Relu(), [x], name: "before")
    let window = SlidingWindow(3, pad: 1)
    let conv = try graph.add1(
      transposed ? ConvTranspose(window) : Conv(window) as any Operator, [before, w], name: "conv")
    let y = try graph.add1(Scale(2), [conv], name: "y")
    let backend = try BackendSearch.open(name)
    let plan = try Plan(graph, feeds: [x], fetches: [y], backend: backend)
    let reference = try Plan(graph, feeds: [x], fetches: [y], backend: BackendSearch.open("reference"))
    let parameters = ParameterStore()
    let weights = try Tensor(zeros: [Self.channels, Self.channels, 3, 3])
    parameters["w"] = weights
    let image = try Self.image()
    let execution = Execution(RunControl(threads: 2))
    func difference() throws -> Float {
      let both = try [plan, reference].map { plan in
        var results: [ValueID: Tensor] = [:]
        try execution.run(plan, feeds: [x: image], parameters: parameters, results: &results)
        return try #require(try results[y]?.array(Float.self))
      }
      return zip(both[0], both[1]).map { abs($0 - $1) }.max() ?? .nan
    }
    // Channel 31 - c, times a power of two.
    try Self.fill(weights) { $2 == 4 && $0 + $1 == Self.channels - 1 ? ($0 % 2 == 0 ? 1 : -0.5) : 0 }
    #expect(try difference() == 0)
    // The same weights with one more are computed in full, and back again.
    try Self.fill(weights) { $2 == 4 && $0 + $1 == Self.channels - 1 || ($0, $1, $2) == (7, 3, 8) ? 1 : 0 }
    parameters.noteChange(of: "w")
    #expect(try difference() <= 1e-4 * 4000)
    try Self.fill(weights) { $2 == 4 && $0 == $1 ? 1 : 0 }
    parameters.noteChange(of: "w")
    #expect(try difference() == 0)
  }
}
