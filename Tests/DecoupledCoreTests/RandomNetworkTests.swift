import DecoupledCore
import Foundation
import Testing

/// Small networks of random shapes, forward and backward, against `reference`: sizes that no vector or tile divides, batches
/// of 1 to 9, 1 to 8 threads, all layouts, memory that is not aligned, values that leave a plan in the middle. `DECOUPLED_RANDOM_CASES` sets how many, `DECOUPLED_RANDOM_SEED` where
/// they begin.
struct RandomNetworkTests {
  private static func number(_ name: String, _ standard: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? standard
  }

  /// `DECOUPLED_RANDOM_BACKENDS` names others, separated by commas.
  private static let backends =
    ProcessInfo.processInfo.environment["DECOUPLED_RANDOM_BACKENDS"]?.split(separator: ",").map(String.init)
    ?? ["openblas"] + cpuVariants

  @Test func backendsAgreeWithReference() throws {
    let first = Self.number("DECOUPLED_RANDOM_SEED", 1)
    let seeds = first..<(first + Self.number("DECOUPLED_RANDOM_CASES", 40))
    let backends = try Self.backends.map { (name: $0, backend: try BackendSearch.open($0)) }
    var kernels: [String: [String: Int]] = [:]
    for seed in seeds {
      let network = try RandomNetwork(seed: UInt64(seed))
      let known = try network.known()
      let expected = try network.run(on: BackendSearch.open("reference"), known: known, threads: 2)
      // Some gradients are 0 but for rounding, such as those of biases before a normalisation, whose sums cancel: the
      // rounded means of that normalisation's gradient stay, once for each pixel.
      let scale = expected.values.joined().map(abs).max() ?? 0
      for (name, backend) in backends {
        let found = try network.run(on: backend, known: known, threads: network.threads.0) {
          kernels[name, default: [:]][$0, default: 0] += 1
        }
        for (value, values) in expected.sorted(by: { $0.key < $1.key }) {
          let own = try #require(found[value])
          let largest = values.map(abs).max() ?? 0
          let differences = zip(values, own).map { abs($0 - $1) }
          let worst = differences.contains { $0.isNaN } ? .infinity : differences.max() ?? 0
          #expect(
            worst <= 3e-4 * max(largest, 3e-2 * scale), "\(name), seed \(seed), \(value): \(worst) of \(largest)")
        }
        let others = try network.run(on: backend, known: known, threads: network.threads.1)
        #expect(
          others == found,
          "\(name), seed \(seed): other bits with \(network.threads.1) threads than \(network.threads.0)")
      }
    }
    for (name, counts) in kernels.sorted(by: { $0.key < $1.key }) {
      print("\(name), networks \(seeds), kernels:", counts.sorted { $0.value > $1.value })
    }
  }

  /// The halves of a network, with what goes from one to the other in the backend's layout, give what the whole gives.
  @Test(arguments: ["openblas"] + cpuVariants)
  func valuesAreCarriedFromPlanToPlan(_ name: String) throws {
    let backend = try BackendSearch.open(name)
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [2, 9, 12, 10], batch: BatchDimension("rows")))
    let w = try graph.addParameter("w", [16, 9, 3, 3])
    let conv = try graph.add1(Conv(SlidingWindow(3, pad: 1)), [x, w], name: "conv")
    let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [conv], name: "pool")
    let y = try graph.add1(MaxUnpool(outputSize: [12, 10]), [pool[0], pool[1], nil], name: "y")
    var random = RandomNumbers(7)
    let parameters = ParameterStore()
    parameters["w"] = try random.tensor([16, 9, 3, 3])
    let feed = try random.tensor([1, 9, 12, 10])
    let execution = Execution(RunControl(threads: 2))
    let batch = [BatchDimension("rows"): 1]
    var whole: [ValueID: Tensor] = [:]
    try execution.run(
      Plan(graph, feeds: [x], fetches: [y], backend: backend), batch: batch, feeds: [x: feed], parameters: parameters,
      results: &whole)
    let carried = Set(pool)
    var halves: [ValueID: Tensor] = [:]
    try execution.run(
      Plan(graph, feeds: [x], fetches: pool, carried: carried, backend: backend), batch: batch, feeds: [x: feed],
      parameters: parameters, results: &halves)
    try execution.run(
      Plan(graph, feeds: pool, fetches: [y], carried: carried, backend: backend), batch: batch, feeds: halves,
      parameters: parameters, results: &halves)
    #expect(try halves[y]?.array(Float.self) == whole[y]?.array(Float.self))
  }

  /// A backend that packs weights notices that they change.
  @Test(arguments: ["openblas"] + cpuVariants)
  func changedWeightsAreUsed(_ name: String) throws {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [1, 8, 8, 8]))
    let w = try graph.addParameter("w", [8, 8, 3, 3])
    let y = try graph.add1(Conv(SlidingWindow(3, pad: 1)), [x, w], name: "y")
    let plan = try Plan(graph, feeds: [x], fetches: [y], backend: BackendSearch.open(name))
    var random = RandomNumbers(3)
    let parameters = ParameterStore()
    parameters["w"] = try random.tensor([8, 8, 3, 3])
    let feed = try random.tensor([1, 8, 8, 8])
    let execution = Execution(RunControl(threads: 1))
    var results: [ValueID: Tensor] = [:]
    try execution.run(plan, feeds: [x: feed], parameters: parameters, results: &results)
    let before = try #require(try results[y]?.array(Float.self))
    let weights = try #require(try parameters["w"]?.elements(Float.self))
    for index in weights.indices { weights[index] *= 2 }
    parameters.noteChange(of: "w")
    try execution.run(plan, feeds: [x: feed], parameters: parameters, results: &results)
    let after = try #require(try results[y]?.array(Float.self))
    #expect(zip(before, after).allSatisfy { abs(2 * $0 - $1) <= 1e-5 * max(1, abs($1)) })
    #expect(before != after)
  }
}
