import DecoupledCore
import Testing

/// Backward passes that compute normalisations, ReLUs and unpoolings once more instead of keeping them.
struct RecomputationTests {
  /// A small encoder and decoder with a loss, its gradients and the batch statistics.
  private struct Network {
    var graph = Graph()
    let parameters = ParameterStore()
    var feeds: [ValueID: Tensor] = [:]
    var fetches: [ValueID] = []

    init(recomputing: Bool, channels: Int = 24, size: Int = 20) throws {
      var random = RandomNumbers(11)
      let x = try graph.addInput("x", ValueType(.float32, [3, 16, size, size]))
      let target = try graph.addInput("target", ValueType(.int32, [3, size, size]))
      let seed = try graph.addInput("dloss", ValueType(.float32, [1]))
      feeds = [
        x: try random.tensor([3, 16, size, size]), seed: try Tensor([Float(1)], shape: [1]),
        target: try Tensor(
          (0..<3 * size * size).map { _ in Int32(random.int(0...1)) }, shape: [3, size, size]),
      ]
      let parameters = self.parameters
      func parameter(_ name: String, _ shape: [Int]) throws -> ValueID {
        parameters[name] = try random.tensor(shape)
        return try graph.addParameter(name, shape)
      }
      let window = SlidingWindow(3, pad: 1)
      var value = try graph.add1(Conv(window), [x, parameter("w", [channels, 16, 3, 3])], name: "conv")
      let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [value], name: "pool")
      value = pool[0]
      for (layer, unpools) in [false, true, false].enumerated() {
        if unpools { value = try graph.add1(MaxUnpool(outputSize: [size, size]), [value, pool[1]], name: "unpool") }
        value = try graph.add1(
          ConvTranspose(window), [value, parameter("w\(layer)", [channels, channels, 3, 3])], name: "deconv\(layer)")
        let normalized = try graph.add(
          BatchNormalization(epsilon: 1e-5, training: true),
          [value, parameter("scale\(layer)", [channels]), parameter("shift\(layer)", [channels])],
          name: "bn\(layer)")
        fetches += normalized.dropFirst()
        value = try graph.add1(Relu(), [normalized[0]], name: "relu\(layer)")
      }
      value = try graph.add1(Conv(SlidingWindow(1)), [value, parameter("last", [2, channels, 1, 1])], name: "scores")
      let loss = try graph.add1(SoftmaxCrossEntropy(), [value, target], name: "loss")
      let gradients = try graph.gradient(
        of: loss, withRespectTo: graph.parameters, seed: seed, recomputing: recomputing)
      fetches += [loss] + gradients.compactMap { $0 }
    }

    func plan(_ backend: Backend) throws -> Plan {
      try Plan(graph, feeds: Array(feeds.keys), fetches: fetches, backend: backend)
    }

    func run(_ backend: Backend, threads: Int) throws -> [[Float]] {
      var results: [ValueID: Tensor] = [:]
      try Execution(RunControl(threads: threads)).run(
        plan(backend), feeds: feeds, parameters: parameters, results: &results)
      return try fetches.map { try #require(results[$0]).array(Float.self) }
    }
  }

  @Test(arguments: ["reference", "openblas"] + cpuVariants)
  func givesTheSame(_ name: String) throws {
    let backend = try BackendSearch.open(name)
    let kept = try Network(recomputing: false).run(BackendSearch.open("reference"), threads: 2)
    let network = try Network(recomputing: true)
    let found = try network.run(backend, threads: 1)
    #expect(found.count == kept.count && kept.count > 15)
    for (position, (one, other)) in zip(kept, found).enumerated() {
      let largest = one.map(abs).max() ?? 0
      let worst = zip(one, other).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= 2e-4 * largest, "\(network.graph[network.fetches[position]].name): \(worst) of \(largest)")
    }
    #expect(try network.run(backend, threads: 3) == found)
  }

  /// What is kept between the passes is what convolutions give, not what is made of it.
  @Test(arguments: ["reference", "openblas"] + cpuVariants)
  func holdsLessMemory(_ name: String) throws {
    let backend = try BackendSearch.open(name)
    let kept = try Network(recomputing: false, size: 96).plan(backend).arenaByteCount
    let recomputed = try Network(recomputing: true, size: 96).plan(backend).arenaByteCount
    #expect(Double(recomputed) < 0.8 * Double(kept), "\(recomputed) of \(kept) bytes")
  }

  /// A plan that does not keep packed weights uses them as they are now, without being told that they changed.
  @Test(arguments: ["openblas"] + cpuVariants)
  func packsBeforeEachUse(_ name: String) throws {
    let network = try Network(recomputing: true)
    let plan = try Plan(
      network.graph, feeds: Array(network.feeds.keys), fetches: network.fetches, keepsPackedWeights: false,
      backend: BackendSearch.open(name))
    let execution = Execution(RunControl(threads: 2))
    func run() throws -> [[Float]] {
      var results: [ValueID: Tensor] = [:]
      try execution.run(plan, feeds: network.feeds, parameters: network.parameters, results: &results)
      return try network.fetches.map { try #require(results[$0]).array(Float.self) }
    }
    let first = try run()
    let weights = try #require(try network.parameters["w1"]?.elements(Float.self))
    for index in weights.indices { weights[index] = -weights[index] }
    let second = try run()
    for index in weights.indices { weights[index] = -weights[index] }
    #expect(first != second)
    #expect(try run() == first)
  }
}
