import DecoupledCore
import DecoupledNetworks
import Testing

/// Saliency, bridging layers and segmentation network against the reference tensors.
struct GoldenLabelPassTests {
  @Test(arguments: Golden.networks, Golden.backends)
  func labelPasses(network: GoldenNetwork, backendName: String) throws {
    for placement in SaliencyPlacement.allCases { try labelPasses(network, backendName, placement) }
  }

  private func labelPasses(_ network: GoldenNetwork, _ backendName: String, _ placement: SaliencyPlacement) throws {
    let file = try network.file()
    let deviations = try network.deviations()
    var description = network.description
    description.saliency.placement = placement
    let graph = try PredictionGraph(description, images: 1, rows: 3, seeds: 1, plain: true)
    let head = placement == .max ? "score_max" : "score_average"
    let prefix = placement == .max ? "saliency_max" : "saliency_avg"
    var names = [
      ("\(prefix).cls_score_unpooled", "\(head)/unpool"), ("\(prefix).fc7_bp", "relu7/gradient"),
      ("\(prefix).fc6_bp", "relu6/gradient"), ("\(prefix).pool5_bp", "fc6/data-gradient"),
    ]
    // Everything behind the saliency is given for the released form only.
    if placement == .max { names.append(("infer.probs", "probabilities")) }
    let fetches = try names.map { try graph.graph.value(named: $0.1) }
    let plan = try Plan(
      graph.graph, feeds: [graph.image, graph.seeds, graph.rowToImage], fetches: fetches,
      backend: try BackendSearch.open(backendName))
    let labels = try #require(file.tensors["infer.labels"])
    var results: [ValueID: Tensor] = [:]
    try Execution(RunControl()).run(
      plan,
      feeds: [
        graph.image: try #require(file.tensors["input"]),
        graph.seeds: try labels.reshaped([3, description.classes, 1, 1]),
        graph.rowToImage: try Tensor([Int32](repeating: 0, count: 3), shape: [3]),
      ], parameters: Golden.parameters(file), results: &results)
    for ((golden, _), fetch) in zip(names, fetches) {
      let deviation = try Golden.deviation(
        try #require(results[fetch]), try #require(file.tensors[golden], "\(golden)"))
      let allowed = try #require(deviations[golden], "\(golden)")
      #expect(deviation <= Golden.allowed(backendName) * allowed, "\(golden)")
    }
  }
}
