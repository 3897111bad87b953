import DecoupledCore
import DecoupledVision

/// Phase 1 (paper, section 4.1): trains the classification network on image-level labels.
public final class ClassificationTrainer {
  private let loop: TrainingLoop

  /// - Parameters:
  ///   - model: weights of the classification network that it lacks are drawn; its own tensors are not changed.
  ///   - dataset: every item needs labels (see `LabelOrigin`); its classes are the model's, in any order.
  ///   - validation: evaluated on now and then; may be nil.
  ///   - run: where metrics and checkpoints go; nil keeps everything in memory. A run that is there is resumed.
  public init(
    _ model: Model, dataset: Dataset, validation: Dataset? = nil, settings: ClassificationSettings = .init(),
    options: TrainingOptions = .init(), origin: TrainingOrigin? = nil, run: RunDirectory? = nil, backend: Backend,
    control: RunControl
  ) throws {
    let solver = settings.solver
    try settings.validate()
    let graph = try TrainingGraph.classification(model.description, batch: solver.batchSize, frozen: solver.isFrozen)
    let own = try model.withOwnCopies(of: graph.gradients.map { graph.graph[$0.parameter].name })
    try own.fillClassification(seed: settings.seed)
    let source = try ClassificationBatches(
      dataset, model: own, labels: settings.labels ?? .image, augmentation: settings.augmentation,
      batchSize: solver.batchSize, seed: settings.seed, cacheBytes: options.cacheBytes)
    let identity = TrainingIdentity(
      phase: "classification", network: own.description, class_names: own.classNames, settings: settings,
      data: Fingerprint.of(dataset), fixed_weights: Fingerprint.of(own.fixedWeights(graph)), origin: origin)
    loop = try TrainingLoop(
      phase: "classification", model: own, graph: graph, source: source, settings: solver, seed: settings.seed,
      identity: try identity.json(), options: options, run: run, backend: backend, control: control)
    if let validation {
      let evaluation = try ClassificationEvaluation(
        own, dataset: validation, batch: solver.batchSize, backend: backend, execution: loop.execution,
        cacheBytes: options.cacheBytes)
      loop.evaluate = { try evaluation.run() }
    }
  }

  /// The model as it is now. Weights change while `train` runs.
  public var model: Model { loop.model }
  /// Finished iterations.
  public var iteration: Int { loop.iteration }

  /// Trains until the last iteration, or until `progress` returns false or the control is cancelled; then a checkpoint is
  /// written and the outcome says so.
  /// - Throws: `numeric` when the loss is no longer finite; what the last checkpoint wrote stays.
  public func train(_ progress: (TrainingProgress) -> Bool = { _ in true }) throws -> TrainingOutcome {
    let outcome = try loop.train(progress)
    if !outcome.wasCancelled, let run = loop.run { try ModelFile.write(model, to: run.finalModel) }
    return outcome
  }

  /// Writes a checkpoint now.
  public func checkpoint() throws { try loop.checkpoint() }
}
