import DecoupledCore
import DecoupledNetworks
import Testing

/// Every tensor of the forward passes against the reference tensors, on each backend.
@Suite(.enabled(if: Golden.shared != nil, Golden.absent))
struct GoldenForwardTests {
  @Test(arguments: Golden.backends)
  func classificationNetwork(backendName: String) throws {
    let file = try Golden.file()
    let deviations = try Golden.deviations()
    let graph = try PredictionGraph(Golden.description, images: 1, rows: 1, seeds: 1)
    let names: [(golden: String, value: String)] =
      (1...5).flatMap { stage in
        (1...(stage < 3 ? 2 : 3)).map { ("fwd.conv\(stage)_\($0)", "relu\(stage)_\($0)") }
          + [("fwd.pool\(stage)", "pool\(stage)")]
      } + [
        ("fwd.fc6", "relu6"), ("fwd.fc7", "relu7"), ("fwd.cls_score", "cls_score"), ("fwd.logits", "logits"),
        ("fwd.scores", "scores"), ("fwd.scores_max", "scores_max"),
      ]
    let switches = (1...5).map { ("fwd.pool\($0)_switch", "pool\($0).1") } + [("fwd.score_switch", "score_max.1")]
    let fetches = try (names + switches).map { try graph.graph.value(named: $0.1) }
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
    for (golden, value) in switches {
      let result = try #require(results[try graph.graph.value(named: value)])
      #expect(try result.array(Int32.self) == file.tensors[golden]?.array(Int32.self), "\(golden)")
    }
  }
}
