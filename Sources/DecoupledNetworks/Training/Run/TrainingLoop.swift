import DecoupledBase
import DecoupledCore

/// What all phases share: iterations, evaluation, metrics, checkpoints and resuming.
///
/// The weights are the loop's own copy; a checkpoint is consistent whenever the process ends, see `TrainingState`.
final class TrainingLoop {
  let phase: String
  /// The model that is trained.
  let model: Model
  let step: TrainingStep
  let seed: UInt64
  let options: TrainingOptions
  let run: RunDirectory?
  /// The settings that fix the run's result, as JSON.
  let identity: String
  var evaluate: (() throws -> TrainingEvaluation)?

  private let control: RunControl
  private let source: any BatchSource
  private let statistics: RunningStatistics
  private let backend: BackendInfo
  private(set) var iteration = 0
  private var smoothedLoss = 0.0
  private var best: Double?
  private var clock = StepClock()

  /// - Parameters:
  ///   - model: with its own copies of the parameters that are trained.
  ///   - seed: of dropout.
  init(
    phase: String, model: Model, graph: TrainingGraph, source: any BatchSource, settings: SolverSettings, seed: UInt64,
    identity: String, options: TrainingOptions, run: RunDirectory?, backend: Backend, execution: Execution
  ) throws {
    self.phase = phase
    self.model = model
    self.source = source
    self.seed = seed
    self.identity = identity
    self.options = options
    self.run = run
    self.backend = backend.info
    control = execution.control
    step = try TrainingStep(
      graph, parameters: model.parameters, settings: settings, backend: backend, execution: execution)
    statistics = try RunningStatistics(graph)
    if let run, run.canResume {
      try resume(TrainingStateFile.open(run.trainingState))
    } else if let run {
      try run.keepRecords(upTo: 0)
      try run.write(configuration: identity)
      try checkpoint()
    }
  }

  /// Runs the iterations that are left.
  /// - Parameter progress: called after each iteration; false cancels.
  func train(_ progress: (TrainingProgress) -> Bool) throws -> TrainingOutcome {
    let settings = step.settings
    do { try finishEvaluation() } catch let error as EngineError where error.status == .cancelled {
      return TrainingOutcome(iterations: iteration, wasCancelled: true, lastRecord: nil)
    }
    guard iteration < settings.maximumIterations else {
      return TrainingOutcome(iterations: iteration, wasCancelled: false, lastRecord: nil)
    }
    let loader = try BatchLoader(
      source, first: iteration * settings.iterSize, end: settings.maximumIterations * settings.iterSize,
      depth: options.preparedBatches)
    defer { loader.stop() }
    var last: TrainingRecord?
    while iteration < settings.maximumIterations {
      do {
        let record = try iterate(loader)
        last = record
        let goesOn = progress(
          .iteration(
            TrainingIteration(
              phase: phase, maximumIterations: settings.maximumIterations, record: record,
              remainingSeconds: clock.secondsPerStep * Double(settings.maximumIterations - iteration))))
        if !goesOn || control.isCancelled { throw EngineError.cancelled }
      } catch let error as EngineError where error.status == .cancelled {
        loader.stop()
        try checkpoint()
        return TrainingOutcome(iterations: iteration, wasCancelled: true, lastRecord: last)
      }
    }
    return TrainingOutcome(iterations: iteration, wasCancelled: false, lastRecord: last)
  }

  private func iterate(_ loader: BatchLoader) throws -> TrainingRecord {
    let settings = step.settings
    clock.begin()
    let outcome = try step.run(
      iteration: iteration,
      dropoutSeed: { pass, layer in
        var random = CounterRandom(
          seed: seed, stream: RandomStream.dropout.rawValue, index: UInt64(iteration * settings.iterSize + pass))
        for _ in 0..<layer { _ = random.next() }
        return Int64(random.next() >> 1)
      }, batch: { _ in try loader.next() }, statistics: takeIn())
    clock.end()
    // An average from the first iteration on: 1, 1/2, ... until the weight is 1/20.
    smoothedLoss += (outcome.loss - smoothedLoss) * max(1 / Double(iteration + 1), 0.05)
    iteration += 1
    var record = TrainingRecord(
      iteration: iteration, loss: outcome.loss, smoothedLoss: smoothedLoss,
      learningRate: settings.learningRate(iteration: iteration - 1), gradientNorm: outcome.gradientNorm,
      imagesPerSecond: Double(settings.imagesPerIteration) / clock.secondsPerStep, evaluation: nil)
    let isLast = iteration == settings.maximumIterations
    if isEvaluationDue {
      do { try evaluate(&record) } catch {
        // The step is done: resuming evaluates again.
        try run?.append(record)
        throw error
      }
    }
    if isLast || record.evaluation != nil || iteration % max(options.recordEvery, 1) == 0 { try run?.append(record) }
    if isLast || iteration % max(options.checkpointEvery, 1) == 0 { try checkpoint() }
    return record
  }

  private var isEvaluationDue: Bool {
    evaluate != nil
      && (iteration == step.settings.maximumIterations || iteration % max(options.evaluateEvery, 1) == 0)
  }

  private func evaluate(_ record: inout TrainingRecord) throws {
    guard let evaluation = try evaluate?() else { return }
    record.evaluation = evaluation
    if let score = evaluation.score, score > best ?? -.infinity {
      best = score
      if let run { try ModelFile.write(model, to: run.bestModel) }
    }
  }

  /// Makes up for an evaluation during which the run was stopped.
  private func finishEvaluation() throws {
    guard let run, isEvaluationDue, var record = try run.records().last, record.iteration == iteration,
      record.evaluation == nil
    else { return }
    try evaluate(&record)
    try run.keepRecords(upTo: iteration - 1)
    try run.append(record)
    try checkpoint()
  }

  /// Adds the batch statistics of the iteration's passes to the running averages.
  private func takeIn() -> ([BatchStatistics]) throws -> Void {
    var number = iteration * step.settings.iterSize
    return { [self] pass in
      try statistics.update(model.parameters, with: pass, number: number)
      number += 1
    }
  }

  /// Writes the model and the state. Killed in between, the state is one checkpoint older than the model: resuming takes the trained
  /// weights from the state and only the others, which never change, from the model.
  func checkpoint() throws {
    guard let run else { return }
    try ModelFile.write(model, to: run.lastModel)
    var state = TrainingState(
      phase: phase, iteration: iteration, seed: seed, smoothedLoss: smoothedLoss, best: best, backend: backend.name,
      backendVariant: backend.variant, settings: identity)
    for name in step.graph.changing { state.weights[name] = model.parameters[name] }
    state.momentum = step.solver.state
    try TrainingStateFile.write(state, to: run.trainingState)
  }

  private func resume(_ state: TrainingState) throws {
    guard let run else { return }
    guard state.phase == phase else {
      throw EngineError(
        .invalidArgument, "'\(run.path)' holds a run of phase '\(state.phase)', not '\(phase)'; choose another folder.")
    }
    try SettingsComparison.check(saved: state.settings, wanted: identity, iteration: state.iteration, in: run.path)
    if (state.backend, state.backendVariant) != (backend.name, backend.variant) {
      Log.write(
        .warning,
        "The run in '\(run.path)' was made with backend \(state.backend) (\(state.backendVariant)) and continues with \(backend.name) (\(backend.variant)): its last bits will differ."
      )
    }
    for name in step.graph.changing {
      guard let own = model.parameters[name], let saved = state.weights[name], saved.shape == own.shape else {
        throw EngineError(
          .format, "'\(run.trainingState)' has no weights of the right shape for '\(name)'; start anew.")
      }
      try own.copyContents(from: saved)
      model.parameters.noteChange(of: name)
    }
    try step.solver.restore(state.momentum)
    (iteration, smoothedLoss, best) = (state.iteration, state.smoothedLoss, state.best)
    try run.keepRecords(upTo: iteration)
    try run.write(configuration: identity)
  }
}
