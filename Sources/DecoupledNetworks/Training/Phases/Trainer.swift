import DecoupledBase
import DecoupledCore
import DecoupledVision

/// A training run of one phase of a model's family.
public final class Trainer {
  public let phase: any Phase
  private let loop: TrainingLoop
  private let ending: (any PhaseEnding)?
  /// The finished model, after `train` has ended.
  public private(set) var finished: Model?

  /// - Parameters:
  ///   - phase: name of a phase of the model's family.
  ///   - model: parameters of the phase that it lacks are drawn; its own tensors are not changed.
  ///   - dataset: its classes are matched with the model's by name.
  ///   - validation: evaluated on now and then; may be nil.
  ///   - settings: of the phase; nil for its defaults.
  ///   - meanIntersectionOverUnion: measures whole images with the model as it is, 0...1; called at evaluations.
  ///   - run: where metrics and checkpoints go; nil keeps everything in memory. A run that is there is resumed.
  public convenience init(
    _ phase: String, _ model: Model, dataset: Dataset, validation: Dataset? = nil,
    settings: (any PhaseSettings)? = nil, options: TrainingOptions = .init(), origin: TrainingOrigin? = nil,
    run: RunDirectory? = nil, backend: Backend, control: RunControl,
    meanIntersectionOverUnion: ((Model) throws -> Double)? = nil
  ) throws {
    let found = try Families.of(model.description).phase(phase)
    try self.init(
      opening: found, model, dataset, validation, settings, options, origin, run, backend, control,
      meanIntersectionOverUnion)
  }

  private init<Chosen: Phase>(
    opening phase: Chosen, _ model: Model, _ dataset: Dataset, _ validation: Dataset?,
    _ given: (any PhaseSettings)?, _ options: TrainingOptions, _ origin: TrainingOrigin?, _ run: RunDirectory?,
    _ backend: Backend, _ control: RunControl, _ meanIntersectionOverUnion: ((Model) throws -> Double)?
  ) throws {
    guard let settings = (given ?? phase.defaults) as? Chosen.Settings else {
      throw EngineError(.invalidArgument, "These settings are not those of the phase '\(phase.name)'.")
    }
    let solver = settings.solver
    try settings.validate()
    try model.require(phase.required)
    let graph = try phase.graph(
      model.description, batch: solver.batchSize, dropout: true, frozen: solver.isFrozen)
    let own = try model.withOwnCopies(of: graph.changing)
    try own.fill(phase.drawn, seed: settings.seed)
    let execution = Execution(control)
    let parts = PhaseRun(
      model: own, settings: settings, cacheBytes: options.cacheBytes, proposals: options.proposals, backend: backend,
      execution: execution)
    let source = try phase.batches(dataset, parts)
    let identity = TrainingIdentity(
      phase: phase.name, network: own.description, class_names: own.classNames, settings: settings,
      data: Fingerprint.of(dataset), fixed_weights: Fingerprint.of(own.fixedWeights(graph)), origin: origin)
    loop = try TrainingLoop(
      phase: phase.name, model: own, graph: graph, source: source, settings: solver, seed: settings.seed,
      identity: try identity.json(), options: options, run: run, backend: backend, execution: execution)
    self.phase = phase
    ending = try phase.ending(dataset, parts)
    let evaluation = try validation.flatMap { try phase.evaluation($0, parts) }
    if evaluation != nil || meanIntersectionOverUnion != nil {
      loop.evaluate = {
        var found = try evaluation?.run() ?? TrainingEvaluation()
        found.meanIntersectionOverUnion = try meanIntersectionOverUnion?(own)
        return found
      }
    }
  }

  /// The model as it is now, with running averages of the statistics. Weights change while `train` runs.
  public var model: Model { loop.model }
  /// Finished iterations.
  public var iteration: Int { loop.iteration }

  /// Trains until the last iteration and does what the phase does at its end, or until `progress` returns false or the
  /// control is cancelled; then a checkpoint is written and the outcome says so.
  /// - Throws: `numeric` when the loss is no longer finite; what the last checkpoint wrote stays.
  public func train(_ progress: (TrainingProgress) -> Bool = { _ in true }) throws -> TrainingOutcome {
    let outcome = try loop.train(progress)
    if outcome.wasCancelled { return outcome }
    do {
      let name = phase.name
      finished =
        try ending.map { ending in
          try ending.finish(loop.model) { done in
            progress(.ending(TrainingEnding(phase: name, summary: ending.summary, done: done, of: ending.steps)))
          }
        } ?? loop.model
    } catch let error as EngineError where error.status == .cancelled {
      // The last iteration's checkpoint is there; resuming does the end again.
      return TrainingOutcome(iterations: outcome.iterations, wasCancelled: true, lastRecord: outcome.lastRecord)
    }
    if let run = loop.run, let finished { try ModelFile.write(finished, to: run.finalModel) }
    return outcome
  }

  /// Writes a checkpoint now.
  public func checkpoint() throws { try loop.checkpoint() }
}
