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
    // What label passes read of an image: what the classification network makes, such as switches, and what is computed of
    // its features once for all passes.
    let made = network.graph.dependencies(of: [heads.scores, heads.maxLogits])
    let read = network.graph.valuesCrossing(to: [network.rowToImage, network.seeds, network.saliency])
    let ofFeatures = read.filter { !made.contains($0) }
    let shared = settings.plain ? [] : ofFeatures
    let kept = Set(backward + read.filter(made.contains)).union(network.graph.boundary(of: ofFeatures, in: made))
    let halves = model.parameters.halfNames
    let cut = Self.cut(
      network, largeRow: settings.largeRow ?? (halves.isEmpty ? Self.largeRow : Self.largeRowToSaveMemory))
    var sliced = Set([network.activation, cut].compactMap { $0 })
    if settings.activationMaps { sliced.remove(network.activation) }
    // What only the other plans read stays in the backend's layout.
    let carried = sliced.union(kept).union(shared)
    /// A plan that is fed with those of the given values that it needs.
    func plan(_ graph: Graph, given: Set<ValueID>, _ fetches: [ValueID]) throws -> Plan {
      try Plan(
        graph, feeds: graph.boundary(of: fetches, in: given), fetches: fetches, carried: carried, sliced: sliced,
        halfParameters: halves, backend: backend)
    }

    classification = try plan(
      network.graph, given: [network.image],
      [heads.scores, heads.logits, heads.maxLogits] + kept.sorted { $0.index < $1.index })
    let ofImage = kept.union(shared)
    let ofRows: Set = [network.seeds, network.rowToImage]
    if settings.plain {
      saliency = nil
      spatial = nil
      bridging = try plan(network.graph, given: ofImage.union(ofRows), [network.activation])
    } else {
      saliency = try plan(
        network.graph, given: kept.union([network.seeds, network.seedToImage]), [network.seedSaliency])
      spatial = try plan(network.graph, given: kept, shared)
      bridging = try plan(
        network.graph, given: ofImage.union([network.saliency, network.rowToImage]), [network.activation])
    }
    func graph(rows: Int) throws -> Graph {
      try PredictionGraph(description, images: images, rows: rows, seeds: rows, plain: settings.plain).graph
    }
    func decoder(rows: Int, from input: ValueID, to result: ValueID) throws -> Plan {
      try plan(try graph(rows: rows), given: ofImage.union([input, network.rowToImage]), [result])
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
