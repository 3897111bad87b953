import DecoupledBase
import DecoupledCore
import DecoupledVision

/// Settings of phase 1.
public struct ClassificationSettings: Sendable, Equatable {
  public var solver: SolverSettings
  /// Of shuffling, crops, dropout and fillers.
  public var seed: UInt64 = 1
  public var augmentation = AugmentationSettings()
  /// Where the labels come from; nil for the image-level ones.
  public var labels: LabelOrigin?

  /// The paper's solver but for the learning rate, 0.001 instead of 0.01: without batch normalisation the latter may diverge.
  public init() {
    solver = SolverSettings()
    solver.baseLearningRate = 0.001
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension ClassificationSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable { case solver, seed, augmentation, labels }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "phase 1")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    if values.contains(.solver) {
      let rate = solver.baseLearningRate
      solver = try values.decode(SolverSettings.self, forKey: .solver)
      let given = try values.nestedContainer(keyedBy: SolverSettings.CodingKeys.self, forKey: .solver)
      if !given.contains(.baseLearningRate) { solver.baseLearningRate = rate }
    }
    try values.read(.seed, into: &seed)
    try values.read(.augmentation, into: &augmentation)
    labels = try values.decodeIfPresent(LabelOrigin.self, forKey: .labels)
  }
}

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
    try solver.validate()
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
