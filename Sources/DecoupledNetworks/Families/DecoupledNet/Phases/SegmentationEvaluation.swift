import DecoupledCore

/// Pixel accuracy and foreground IoU on crops of held-out images, with the running averages of the statistics.
final class SegmentationEvaluation: PhaseEvaluation {
  /// Held-out crops: enough for a mean that is steady to about two points, few enough to take seconds.
  static let crops = 64

  private let model: Model
  private let network: PredictionGraph
  private let heads: Plan?
  private let scores: Plan
  private let head: ValueID
  private let execution: Execution
  private let source: SegmentationBatches
  private let batch: Int

  init(
    _ model: Model, source: SegmentationBatches, backend: Backend, execution: Execution
  ) throws {
    self.model = model
    self.source = source
    self.execution = execution
    batch = source.batchSize
    network = try PredictionGraph(model.description, images: batch, rows: batch, seeds: batch, plain: true)
    let classification = network.classification
    // What is back-propagated for a class, as in prediction.
    switch (model.description.saliency.seed, model.description.saliency.placement) {
    case (.raw, .max): head = classification.maxLogits
    case (.raw, .average): head = classification.logits
    case (.one, _), (.score, _): head = classification.scores
    }
    heads =
      model.description.saliency.seed == .one
      ? nil : try Plan(network.graph, feeds: [network.image], fetches: [head], backend: backend)
    scores = try Plan(
      network.graph, feeds: [network.image, network.seeds, network.rowToImage], fetches: [network.scores],
      backend: backend)
  }

  func run() throws -> TrainingEvaluation {
    var right = 0
    var counted = 0
    var overlaps: [Double] = []
    for number in 0..<max(1, Self.crops / batch) {
      let made = try source.batch(number)
      guard let mask = try made.mask?.array(Int32.self) else { continue }
      let values = try run(made)
      let pixels = mask.count / batch
      for row in 0..<batch {
        var intersection = 0
        var union = 0
        for pixel in 0..<pixels where mask[row * pixels + pixel] != 255 {
          let truth = mask[row * pixels + pixel] == 1
          let found = values[(2 * row + 1) * pixels + pixel] > values[2 * row * pixels + pixel]
          counted += 1
          right += truth == found ? 1 : 0
          intersection += truth && found ? 1 : 0
          union += truth || found ? 1 : 0
        }
        if union > 0 { overlaps.append(Double(intersection) / Double(union)) }
      }
    }
    var evaluation = TrainingEvaluation()
    evaluation.pixelAccuracy = counted == 0 ? 0 : Double(right) / Double(counted)
    evaluation.foregroundIntersectionOverUnion =
      overlaps.isEmpty ? 0 : overlaps.reduce(0, +) / Double(overlaps.count)
    return evaluation
  }

  /// Scores [batch, 2, S, S].
  private func run(_ made: TrainingBatch) throws -> [Float] {
    var results: [ValueID: Tensor] = [:]
    guard let seeds = try made.labels?.copy() else { return [] }
    if let heads {
      try execution.run(heads, feeds: [network.image: made.image], parameters: model.parameters, results: &results)
      let values = try seeds.elements(Float.self)
      for (i, value) in try results[head]?.array(Float.self).enumerated() ?? [].enumerated() { values[i] *= value }
    }
    let feeds = [
      network.image: made.image, network.seeds: try seeds.reshaped(seeds.shape + [1, 1]),
      network.rowToImage: try Tensor((0..<Int32(batch)).map { $0 }, shape: [batch]),
    ]
    try execution.run(scores, feeds: feeds, parameters: model.parameters, results: &results)
    return try results[network.scores]?.array() ?? []
  }
}
