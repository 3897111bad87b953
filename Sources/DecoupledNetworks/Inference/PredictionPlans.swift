import DecoupledCore

/// The plans of the inference procedure: the whole network, cut where label rows begin to differ.
///
/// The classification network runs once per image; its switches and ReLU masks are shared by all label rows.
final class PredictionPlans {
  let network: PredictionGraph
  /// image -> scores, and what the label passes need of the classification network.
  let classification: Plan
  /// seeds -> pool5-bp; nil in the plain procedure, where it belongs to the label passes.
  let saliency: Plan?
  /// pool5 -> the half of fc6-seg that only depends on the image; nil in the plain procedure.
  let spatial: Plan?
  /// label rows -> probabilities.
  let labelPasses: Plan

  /// What runs behind the classification network.
  var segmentation: [Plan] { [saliency, spatial, labelPasses].compactMap { $0 } }

  init(_ model: Model, settings: PredictionSettings, backend: Backend) throws {
    let description = model.description
    let halves = model.parameters.halfNames
    let network = try PredictionGraph(
      description, images: max(1, settings.imagesPerBatch), rows: max(1, settings.rowsPerChunk),
      seeds: max(1, settings.rowsPerChunk), plain: settings.plain)
    let graph = network.graph
    let heads = network.classification
    // The back pass needs the ReLU masks, and the switch of the score when it starts at the largest score.
    let backward = [heads.fc6, heads.fc7] + (description.saliency.placement == .max ? [heads.scoreSwitch] : [])
    self.network = network
    // What only the other plans read stays in the backend's layout.
    let carried = Set([heads.pool] + heads.switches + backward)
    classification = try Plan(
      graph, feeds: [network.image],
      fetches: [heads.scores, heads.logits, heads.maxLogits, heads.pool] + heads.switches + backward, carried: carried,
      halfParameters: halves,
      backend: backend)
    let results = [network.probabilities] + (settings.activationMaps ? [network.activation] : [])
    if let half = network.spatialHalf {
      saliency = try Plan(
        graph, feeds: [network.seeds, network.seedToImage] + backward, fetches: [network.seedSaliency],
        carried: carried, halfParameters: halves,
        backend: backend)
      spatial = try Plan(
        graph, feeds: [heads.pool], fetches: [half], carried: carried.union([half]), halfParameters: halves,
        backend: backend)
      labelPasses = try Plan(
        graph, feeds: [network.saliency, half, network.rowToImage] + heads.switches, fetches: results,
        carried: carried.union([half]), halfParameters: halves, backend: backend)
    } else {
      saliency = nil
      spatial = nil
      labelPasses = try Plan(
        graph, feeds: [network.seeds, network.rowToImage, heads.pool] + heads.switches + backward, fetches: results,
        carried: carried, halfParameters: halves, backend: backend)
    }
  }
}
