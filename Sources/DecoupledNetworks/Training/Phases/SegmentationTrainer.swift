import DecoupledBase
import DecoupledCore
import DecoupledVision

/// Phase 2 (paper, section 4.4): trains bridging layers and segmentation network on the strong images; the classification
/// network stays as it is.
public final class SegmentationTrainer {
  private let loop: TrainingLoop
  private let conversion: StatisticsConversion?
  private let conversionSource: SegmentationBatches?
  /// The finished model, after `train` has ended.
  public private(set) var converted: Model?

  /// - Parameters:
  ///   - model: with a trained classification network; weights of the segmentation network that it lacks are drawn. Its
  ///     own tensors are not changed.
  ///   - dataset: items with masks are used; its classes are matched with the model's by name.
  ///   - validation: its items with masks give the held-out crops evaluated on now and then; may be nil.
  ///   - meanIntersectionOverUnion: measures whole images with the model as it is, 0...1; called at evaluations.
  ///   - run: where metrics and checkpoints go; nil keeps everything in memory. A run that is there is resumed.
  public init(
    _ model: Model, dataset: Dataset, validation: Dataset? = nil, settings: SegmentationSettings = .init(),
    options: TrainingOptions = .init(), run: RunDirectory? = nil, backend: Backend, control: RunControl,
    meanIntersectionOverUnion: ((Model) throws -> Double)? = nil
  ) throws {
    let solver = settings.solver
    try solver.validate()
    try model.requireClassification()
    let graph = try TrainingGraph.segmentation(model.description, batch: solver.batchSize, frozen: solver.isFrozen)
    let layers = graph.statistics.map(\.layer)
    let own = try model.withOwnCopies(
      of: graph.gradients.map { graph.graph[$0.parameter].name }
        + layers.flatMap { ["\($0).running_mean", "\($0).running_var"] })
    try own.fillSegmentation(seed: settings.seed)
    func batches(_ dataset: Dataset, size: Int, seed: UInt64, cropping: CroppingSettings) throws -> SegmentationBatches
    {
      try SegmentationBatches(
        dataset, model: own, cropping: cropping, augmentation: settings.augmentation, batchSize: size, seed: seed,
        cacheBytes: options.cacheBytes)
    }
    let source = try batches(dataset, size: solver.batchSize, seed: settings.seed, cropping: settings.cropping)
    let identity = TrainingIdentity(
      phase: "segmentation", network: own.description, class_names: own.classNames, settings: settings,
      data: Fingerprint.of(dataset), fixed_weights: Fingerprint.of(own.fixedWeights(graph)))
    loop = try TrainingLoop(
      phase: "segmentation", model: own, graph: graph, source: source, settings: solver, seed: settings.seed,
      identity: try identity.json(), options: options, run: run, backend: backend, control: control)
    if settings.conversion.batches > 0 {
      conversion = try StatisticsConversion(
        own.description, settings: settings.conversion, backend: backend, execution: loop.execution)
      // Training-style samples that are not those of training, drawn from another seed.
      conversionSource = try batches(
        dataset, size: settings.conversion.batchSize, seed: CounterRandom.hash("conversion", seed: settings.seed),
        cropping: settings.cropping)
    } else {
      (conversion, conversionSource) = (nil, nil)
    }
    let crops = try validation.map { try heldOut($0) }
    if crops != nil || meanIntersectionOverUnion != nil {
      loop.evaluate = {
        var evaluation = try crops?.run() ?? TrainingEvaluation()
        evaluation.meanIntersectionOverUnion = try meanIntersectionOverUnion?(own)
        return evaluation
      }
    }

    /// Crops that are the same at every evaluation.
    func heldOut(_ dataset: Dataset) throws -> SegmentationEvaluation {
      var fixed = settings.cropping
      fixed.windowsPerSubset = 1
      let source = try batches(
        dataset, size: solver.batchSize, seed: CounterRandom.hash("held out", seed: settings.seed), cropping: fixed)
      return try SegmentationEvaluation(own, source: source, backend: backend, execution: loop.execution)
    }
  }

  /// The model as it is now, with running averages of the statistics. Weights change while `train` runs.
  public var model: Model { loop.model }
  /// Finished iterations.
  public var iteration: Int { loop.iteration }

  /// Trains until the last iteration and converts the statistics, or until a callback returns false or the control is
  /// cancelled; then a checkpoint is written and the outcome says so.
  /// - Parameters:
  ///   - conversionProgress: called after each batch of the conversion with the number done.
  /// - Throws: `numeric` when the loss is no longer finite; what the last checkpoint wrote stays.
  public func train(
    _ progress: (TrainingProgress) -> Bool = { _ in true }, conversionProgress: (_ done: Int) -> Bool = { _ in true }
  ) throws -> TrainingOutcome {
    let outcome = try loop.train(progress)
    if outcome.wasCancelled { return outcome }
    do {
      converted = loop.model
      if let conversion, let conversionSource {
        converted = try conversion.convert(loop.model, source: conversionSource, progress: conversionProgress)
      }
    } catch let error as EngineError where error.status == .cancelled {
      // The last iteration's checkpoint is there; resuming converts again.
      converted = nil
      return TrainingOutcome(iterations: outcome.iterations, wasCancelled: true, lastRecord: outcome.lastRecord)
    }
    if let run = loop.run, let converted { try ModelFile.write(converted, to: run.finalModel) }
    return outcome
  }

  /// Writes a checkpoint now.
  public func checkpoint() throws { try loop.checkpoint() }
}
