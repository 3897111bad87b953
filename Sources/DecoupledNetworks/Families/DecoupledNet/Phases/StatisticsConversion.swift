import DecoupledBase
import DecoupledCore

/// From the network as it is trained, with the statistics of each batch, to the one that predicts, with fixed statistics: the
/// mean and biased variance of training batches are averaged (the released BN_make_INFERENCE script).
///
/// All layers are measured in one forward pass, each behind layers that normalise with their own batch's statistics.
final class StatisticsConversion: PhaseEnding {
  private let settings: ConversionSettings
  private let source: any BatchSource
  private let graph: TrainingGraph
  private let plan: Plan
  private let execution: Execution

  /// - Parameter source: training batches of `settings.batchSize`; numbers 0 to `batches` - 1 are used.
  /// - Throws: `invalidArgument` when a setting cannot work.
  init(
    _ description: NetworkDescription, source: any BatchSource, settings: ConversionSettings, backend: Backend,
    execution: Execution
  ) throws {
    guard (1...1_000_000).contains(settings.batches), (1...65536).contains(settings.batchSize) else {
      throw EngineError(
        .invalidArgument,
        "The conversion needs at least 1 batch of at least 1 image, not \(settings.batches) of \(settings.batchSize).")
    }
    self.settings = settings
    self.source = source
    self.execution = execution
    graph = try TrainingGraph.segmentation(description, batch: settings.batchSize)
    plan = try Plan(
      graph.graph, feeds: [graph.image] + [graph.labels].compactMap { $0 },
      fetches: graph.statistics.flatMap { [$0.mean, $0.variance] },
      backend: backend)
  }

  var steps: Int { settings.batches }
  var summary: String { "measuring the final statistics over \(settings.batches) training batches" }

  /// A model that predicts: the same weights with the averaged statistics, and scale 0 for channels that never vary.
  func finish(_ model: Model, progress: (_ done: Int) -> Bool) throws -> Model {
    var means = graph.statistics.map { graph.graph[$0.mean].type.shape[0] }.map { [Double](repeating: 0, count: $0) }
    var variances = means
    let loader = try BatchLoader(source, first: 0, end: settings.batches)
    defer { loader.stop() }
    var results: [ValueID: Tensor] = [:]
    for done in 1...settings.batches {
      let batch = try loader.next()
      var feeds = try batch.feeds(for: graph)
      if let mask = graph.mask { feeds[mask] = nil }
      try execution.run(plan, feeds: feeds, parameters: model.parameters, results: &results)
      for (index, statistic) in graph.statistics.enumerated() {
        try Self.add(results[statistic.mean], to: &means[index])
        try Self.add(results[statistic.variance], to: &variances[index])
      }
      if !progress(done) || execution.control.isCancelled { throw EngineError.cancelled }
    }
    return try converted(model, means, variances)
  }

  private static func add(_ tensor: Tensor?, to sums: inout [Double]) throws {
    guard let values = try tensor?.elements(Float.self) else { return }
    for (i, value) in values.enumerated() { sums[i] += Double(value) }
  }

  private func converted(_ model: Model, _ means: [[Double]], _ variances: [[Double]]) throws -> Model {
    let counts = try RunningStatistics.counts(graph)
    let layers = graph.statistics.map(\.layer)
    let result = try model.withOwnCopies(
      of: layers.flatMap { ["\($0).weight", "\($0).running_mean", "\($0).running_var"] })
    for (index, layer) in layers.enumerated() {
      func values(_ name: String) throws -> UnsafeMutableBufferPointer<Float> {
        guard let tensor = result.parameters["\(layer).\(name)"], tensor.elementCount == means[index].count else {
          throw EngineError(.notFound, "The model has no '\(layer).\(name)'; train phase 2 first.")
        }
        return try tensor.elements(Float.self)
      }
      let (scale, mean, variance) = (try values("weight"), try values("running_mean"), try values("running_var"))
      let m = Double(counts[layer] ?? 0)
      let factor = (settings.unbiased && m > 1 ? m / (m - 1) : 1) / Double(settings.batches)
      var constant = 0
      for channel in means[index].indices {
        mean[channel] = Float(means[index][channel] / Double(settings.batches))
        variance[channel] = Float(variances[index][channel] * factor)
        if variance[channel] == 0 {
          // Dividing by the root of epsilon alone would blow up whatever differs from the constant.
          scale[channel] = 0
          constant += 1
        }
      }
      if constant > 0 {
        Log.write(
          .warning,
          "\(layer): \(constant) of \(means[index].count) channels are the same everywhere in \(settings.batches) batches and are left out (scale 0); a few of these are harmless."
        )
      }
    }
    return result
  }
}
