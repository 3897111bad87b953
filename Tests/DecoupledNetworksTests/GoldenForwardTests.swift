import DecoupledCore
import DecoupledNetworks
import Testing

/// Every tensor of the forward passes against the reference tensors, on each backend.
struct GoldenForwardTests {
  @Test(arguments: Golden.networks, Golden.backends)
  func classificationNetwork(network: GoldenNetwork, backendName: String) throws {
    let file = try network.file()
    let deviations = try network.deviations()
    let graph = try PredictionGraph(network.description, images: 1, rows: 1, seeds: 1)
    let stages = network.description.stageConvolutions
    let names: [(golden: String, value: String)] =
      (1...stages.count).flatMap { stage in
        (1...stages[stage - 1]).map { ("fwd.conv\(stage)_\($0)", "relu\(stage)_\($0)") }
          + [("fwd.pool\(stage)", "pool\(stage)")]
      } + [
        ("fwd.fc6", "relu6"), ("fwd.fc7", "relu7"), ("fwd.cls_score", "cls_score"), ("fwd.logits", "logits"),
        ("fwd.scores", "scores"), ("fwd.scores_max", "scores_max"),
      ]
    let switches =
      (1...stages.count).map { ("fwd.pool\($0)_switch", "pool\($0).1", "fwd.conv\($0)_\(stages[$0 - 1])") }
      + [("fwd.score_switch", "score_max.1", "fwd.cls_score")]
    let fetches = try (names.map(\.value) + switches.map(\.1)).map { try graph.graph.value(named: $0) }
    let plan = try Plan(
      graph.graph, feeds: [graph.image], fetches: fetches, backend: try BackendSearch.open(backendName))
    var results: [ValueID: Tensor] = [:]
    try Execution(RunControl()).run(
      plan, feeds: [graph.image: try #require(file.tensors["input"])], parameters: Golden.parameters(file),
      results: &results)
    for (golden, value) in names {
      let result = try #require(results[try graph.graph.value(named: value)])
      let deviation = try Golden.deviation(result, try #require(file.tensors[golden], "\(golden)"))
      #expect(deviation <= Golden.allowed(backendName) * (try #require(deviations[golden])), "\(golden)")
    }
    for (golden, value, pooled) in switches {
      let own = try #require(results[try graph.graph.value(named: value)])
      let tolerance = Golden.allowed(backendName) * (try #require(deviations[pooled]))
      try checkSwitches(
        own, try #require(file.tensors[golden]), of: try #require(file.tensors[pooled]), tolerance, golden)
    }
  }

  /// The places of maxima are those of the reference tensors, except where another one is as large but for rounding.
  private func checkSwitches(
    _ own: Tensor, _ golden: Tensor, of pooled: Tensor, _ tolerance: Double, _ name: String
  ) throws {
    let (found, expected, values) = try (own.array(Int32.self), golden.array(Int32.self), pooled.array(Float.self))
    let largest = values.map { Double(abs($0)) }.max() ?? 0
    let (plane, windows) = (pooled.shape[2] * pooled.shape[3], own.shape[2] * own.shape[3])
    try #require(found.count == expected.count && values.count / plane == found.count / windows)
    for (index, (one, other)) in zip(found, expected).enumerated() where one != other {
      let image = index / windows * plane
      let difference = Double(values[image + Int(other)]) - Double(values[image + Int(one)])
      #expect(difference <= 2 * tolerance * largest, "\(name), \(index): \(one) instead of \(other)")
    }
    let different = zip(found, expected).count { $0 != $1 }
    #expect(different <= 1 + found.count / 1000, "\(name): \(different) of \(found.count)")
  }
}
