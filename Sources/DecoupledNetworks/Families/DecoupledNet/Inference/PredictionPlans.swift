import DecoupledCore

/// The plans of the inference procedure: the whole network, cut where the number of rows that are worth computing together
/// changes.
///
/// The classification network runs once per image; its switches and ReLU masks are shared by all label rows. The layers with
/// hundreds of megabytes of weights take many rows at once, since each run reads all of them; their values are small. The
/// decoder's values are large: its stages take a few rows, the finest ones, whose values fill the caches, one.
final class PredictionPlans {
  /// Rows and seeds that the layers with large weights take at once: at least as many.
  private static let leastRowsOfBridging = 16
  /// Bytes of a row's un-pooled value above which stages take one row at a time: the caches do not hold more of them until
  /// the next layer, and all of them need memory.
  private static let largeRow = 8 << 20
  /// The same for weights in half precision, whose users are short of memory: a few percent of the time for 30 MB.
  private static let largeRowToSaveMemory = 4 << 20

  let network: PredictionGraph
  /// image -> scores, and what the label passes need of the classification network.
  let classification: Plan
  /// seeds -> pool5-bp; nil in the plain procedure, where it belongs to the label passes.
  let saliency: Plan?
  /// pool5 -> the half of fc6-seg that only depends on the image; nil in the plain procedure.
  let spatial: Plan?
  /// Label rows -> class-specific activation maps.
  let bridging: Plan
  /// Activation maps -> what `finest` takes, or probabilities where there is none; nil where all stages are in `finest`.
  let decoder: Plan?
  /// Where the decoder is cut, and from there to the probabilities for one row.
  let finest: (input: ValueID, plan: Plan)?
  /// Rows that `decoder` takes at once.
  let rowsOfDecoder: Int
  /// Rows that `bridging`, and seeds that `saliency` takes at once.
  let rowsOfBridging: Int

  /// What runs behind the classification network.
  var segmentation: [Plan] { [saliency, spatial, bridging, decoder, finest?.plan].compactMap { $0 } }

  init(_ model: Model, settings: PredictionSettings, backend: Backend) throws {
    let description = model.description
    let images = max(1, settings.imagesPerBatch)
    rowsOfDecoder = max(1, settings.rowsPerChunk)
    rowsOfBridging = max(rowsOfDecoder, Self.leastRowsOfBridging)
    let network = try PredictionGraph(
      description, images: images, rows: rowsOfBridging, seeds: rowsOfBridging, plain: settings.plain)
    self.network = network
    let heads = network.classification
    // ReLU masks, and the switch of the score where the back pass starts at the largest score.
    let backward = network.graph.valuesReadBackward(to: network.seedSaliency)
    let features = heads.features.output
    // What the label passes read of the image besides: switches, and features that they share.
    let shared = network.graph.valuesCrossing(to: [network.rowToImage, network.seeds, network.saliency])
      .filter { !backward.contains($0) && $0 != features && $0 != network.spatialHalf }
    let halves = model.parameters.halfNames
    let cut = Self.cut(
      network, largeRow: settings.largeRow ?? (halves.isEmpty ? Self.largeRow : Self.largeRowToSaveMemory))
    var sliced = Set([network.activation, cut].compactMap { $0 })
    if settings.activationMaps { sliced.remove(network.activation) }
    // What only the other plans read stays in the backend's layout.
    let carried = sliced.union([features] + shared + backward + [network.spatialHalf].compactMap { $0 })
    func plan(_ graph: Graph, _ feeds: [ValueID], _ fetches: [ValueID]) throws -> Plan {
      try Plan(
        graph, feeds: feeds, fetches: fetches, carried: carried, sliced: sliced,
        halfParameters: halves, backend: backend)
    }

    classification = try plan(
      network.graph, [network.image],
      [heads.scores, heads.logits, heads.maxLogits, features] + shared + backward)
    if let half = network.spatialHalf {
      saliency = try plan(
        network.graph, [network.seeds, network.seedToImage] + backward, [network.seedSaliency])
      spatial = try plan(network.graph, [features], [half])
      bridging = try plan(network.graph, [network.saliency, half, network.rowToImage], [network.activation])
    } else {
      saliency = nil
      spatial = nil
      bridging = try plan(
        network.graph, [network.seeds, network.rowToImage, features] + backward, [network.activation])
    }
    func graph(rows: Int) throws -> Graph {
      try PredictionGraph(description, images: images, rows: rows, seeds: rows, plain: settings.plain).graph
    }
    func decoder(rows: Int, from input: ValueID, to result: ValueID) throws -> Plan {
      try plan(try graph(rows: rows), [input, network.rowToImage] + shared, [result])
    }
    self.decoder =
      cut == network.activation
      ? nil : try decoder(rows: rowsOfDecoder, from: network.activation, to: cut ?? network.probabilities)
    finest = try cut.map { ($0, try decoder(rows: 1, from: $0, to: network.probabilities)) }
  }

  /// What the first stage takes that has a large row.
  private static func cut(_ network: PredictionGraph, largeRow: Int) -> ValueID? {
    network.stageInputs.first { input in
      let shape = network.graph[input].type.shape
      return 4 * shape[1...].reduce(1, *) * MemoryLayout<Float>.size > largeRow
    }
  }
}
