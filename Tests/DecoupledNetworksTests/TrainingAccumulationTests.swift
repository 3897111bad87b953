import DecoupledCore
import DecoupledNetworks
import Testing

/// Gradient accumulation, done right and as the authors' Caffe does it.
struct TrainingAccumulationTests {
  private let shapes: ShapesFixture
  private let source: SegmentationBatches
  private let weights: ParameterStore

  init() throws {
    shapes = try ShapesFixture(count: 8)
    let model = try ShapesFixture.model()
    try model.fill(.classification, seed: 3)
    try model.fill(.segmentation, seed: 3)
    weights = model.parameters
    source = try SegmentationBatches(shapes.dataset, model: model, batchSize: 2, seed: 4)
  }

  private func step(_ iterSize: Int, caffe: Bool, decay: Double = 0) throws -> TrainingStep {
    let own = ParameterStore()
    for name in weights.names { own[name] = try weights[name]?.copy() }
    var settings = ShapesFixture.solver(iterations: 10, batchSize: 2, iterSize: iterSize)
    settings.caffe = caffe
    settings.weightDecay = decay
    return try TrainingStep(
      try TrainingGraph.segmentation(ShapesFixture.description, batch: 2), parameters: own, settings: settings,
      backend: try BackendSearch.open("reference"), execution: Execution(RunControl(threads: 1)))
  }

  private func gradients(_ numbers: [Int], caffe: Bool = false) throws -> [String: [Float]] {
    let step = try step(numbers.count, caffe: caffe)
    _ = try step.run(iteration: 0, batch: { try source.batch(numbers[$0]) })
    return try step.gradients.mapValues { try $0.array(Float.self) }
  }

  private func near(_ a: [Float], _ b: [Float]) -> Bool {
    let largest = b.map(abs).max() ?? 0
    return zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * largest + 1e-9 }
  }

  @Test func passesAreAveraged() throws {
    let (a, b, both) = (try gradients([0]), try gradients([1]), try gradients([0, 1]))
    for name in ["fc6_seg.weight", "debn1_1.weight", "debn1_1.bias", "seg_score.bias"] {
      let (first, second, sum) = (try #require(a[name]), try #require(b[name]), try #require(both[name]))
      #expect(near(sum, zip(first, second).map { ($0 + $1) / 2 }), "\(name)")
    }
  }

  /// Scale and shift keep the last pass only, divided by the number of passes; other weights are averaged as ever.
  @Test func caffeKeepsTheLastPassOfNormalisation() throws {
    let (last, right, quirk) = (try gradients([1]), try gradients([0, 1]), try gradients([0, 1], caffe: true))
    for name in ["debn1_1.weight", "debn1_1.bias"] {
      let (found, single, summed) = (try #require(quirk[name]), try #require(last[name]), try #require(right[name]))
      #expect(near(found, single.map { $0 / 2 }), "\(name)")
      #expect(!near(found, summed), "\(name)")
    }
    #expect(quirk["fc6_seg.weight"] == right["fc6_seg.weight"])
  }

  /// With a gradient of 0 a step moves a weight by lr * decay * w; Caffe divides that by iter_size.
  @Test(arguments: [false, true]) func effectiveDecay(caffe: Bool) throws {
    var settings = ShapesFixture.solver(iterations: 1, iterSize: 4, rate: 0.1)
    settings.weightDecay = 0.5
    settings.caffe = caffe
    let solver = try MomentumSolver(settings, parameters: [("a", [1], .weight)], pool: RunControl(threads: 1).pool)
    let store = ParameterStore()
    store["a"] = try Tensor([Float(1)], shape: [1])
    try solver.apply(gradients: ["a": try Tensor(zeros: [1])], parameters: store, iteration: 0)
    let moved = 1 - (try #require(store["a"]).array(Float.self)[0])
    #expect(abs(moved - (caffe ? 0.0125 : 0.05)) < 1e-6)
  }

  /// A pass that fails leaves weights and momentum as they were.
  @Test func aFailingPassChangesNothing() throws {
    struct Broken: Error {}
    let step = try step(2, caffe: false)
    #expect(throws: Broken.self) {
      try step.run(
        iteration: 0,
        batch: { pass in
          if pass == 1 { throw Broken() }
          return try source.batch(0)
        })
    }
    for name in weights.names {
      #expect(try step.parameters[name]?.array(Float.self) == weights[name]?.array(Float.self), "\(name)")
    }
  }
}
