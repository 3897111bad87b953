import DecoupledBase
import DecoupledCore

/// A step of training on the caller's batches: `compute` for each pass of an iteration, then `apply`.
///
/// Everything it changes is in the parameter store it was given and in its solver's momentum.
public final class TrainingStep {
  /// What one iteration gave.
  public struct Outcome: Sendable {
    /// Mean over the passes, before the step.
    public let loss: Double
    /// Euclidean norm of all gradients, before clipping.
    public let gradientNorm: Double
  }

  public let graph: TrainingGraph
  public let settings: SolverSettings
  public let solver: MomentumSolver
  public let parameters: ParameterStore
  /// Gradients of the passes since the last step, by parameter name; the mean over the passes when all have been computed.
  public private(set) var gradients: [String: Tensor] = [:]
  /// Batch statistics of the last pass.
  public private(set) var statistics: [BatchStatistics] = []
  /// Called by `apply` before the solver reads the gradients, which may be changed in place: summed over processes, looked at,
  /// or clipped.
  public var onGradientsReady: (([String: Tensor]) throws -> Void)?

  private let plan: Plan
  private let execution: Execution
  /// Whether each gradient is that of a normalisation's scale or shift.
  private let isNormalization: [Bool]
  private let lossGradient: Tensor
  private let blocks: ParameterBlocks
  private var first: [ValueID: Tensor] = [:]
  private var further: [ValueID: Tensor] = [:]

  /// - Parameters:
  ///   - graph: made for batches of `settings.batchSize` images, of float32.
  ///   - parameters: all weights the graph reads. The trained ones are overwritten by steps, so they must not be mapped
  ///     from a file that others use.
  public init(
    _ graph: TrainingGraph, parameters: ParameterStore, settings: SolverSettings, backend: Backend, execution: Execution
  ) throws {
    try settings.validate()
    guard !graph.gradients.isEmpty else {
      throw EngineError(
        .invalidArgument, "The multipliers keep every parameter as it is; give at least one a learning rate above 0.")
    }
    self.graph = graph
    self.parameters = parameters
    self.settings = settings
    self.execution = execution
    let trained = graph.gradients.map { graph.graph[$0.parameter] }
    let roles = trained.map { $0.traits?.role ?? .weight }
    isNormalization = roles.map { $0 == .scale || $0 == .shift }
    solver = try MomentumSolver(
      settings, parameters: zip(trained, roles).map { ($0.name, $0.type.shape, $1) }, pool: execution.control.pool)
    blocks = ParameterBlocks(trained.map { $0.type.shape.reduce(1, *) })
    lossGradient = try Tensor([1 / Float(settings.iterSize)], shape: [1])
    let fetches = [graph.loss] + graph.gradients.map(\.gradient) + graph.statistics.flatMap { [$0.mean, $0.variance] }
    plan = try Plan(graph.graph, feeds: graph.feeds, fetches: fetches, keepsPackedWeights: false, backend: backend)
  }

  /// Loss and gradients of one pass. The weights stay as they are.
  /// - Parameters:
  ///   - pass: of the iteration, from 0. The first one begins the gradients anew, further ones add to them.
  ///   - dropoutSeed: for each layer that drops out.
  /// - Throws: `numeric` when the loss is not finite.
  public func compute(
    _ batch: TrainingBatch, pass: Int = 0, dropoutSeed: (_ layer: Int) -> Int64 = { _ in 0 }
  ) throws -> Double {
    let loss = try forwardAndBackward(batch, pass, dropoutSeed)
    guard loss.isFinite else { throw EngineError(.numeric, "The loss is \(loss); use a lower learning rate.") }
    return loss
  }

  /// A pass whose loss may be no number.
  private func forwardAndBackward(
    _ batch: TrainingBatch, _ pass: Int, _ dropoutSeed: (_ layer: Int) -> Int64
  ) throws -> Double {
    var feeds = try batch.feeds(for: graph)
    feeds[graph.lossGradient] = lossGradient
    for (layer, seed) in graph.dropoutSeeds.enumerated() {
      feeds[seed] = try Tensor([dropoutSeed(layer)], shape: [1])
    }
    if pass == 0 {
      gradients = [:]
      try execution.run(plan, feeds: feeds, parameters: parameters, results: &first)
    } else {
      try execution.run(plan, feeds: feeds, parameters: parameters, results: &further)
    }
    let results = pass == 0 ? first : further
    let loss = Double(try value(results, graph.loss).elements(Float.self)[0])
    guard loss.isFinite else { return loss }
    statistics = try graph.statistics.map {
      BatchStatistics(
        layer: $0.layer, mean: try value(results, $0.mean).array(), variance: try value(results, $0.variance).array())
    }
    if pass > 0 { try accumulate() }
    for (parameter, gradient) in graph.gradients {
      gradients[graph.graph[parameter].name] = try value(first, gradient)
    }
    return loss
  }

  /// One step of the solver by the gradients that were computed.
  /// - Parameters:
  ///   - rate: the learning rate; nil for that of the settings.
  ///   - iteration: counted from 0.
  /// - Returns: the Euclidean norm of all gradients before clipping.
  @discardableResult
  public func apply(rate: Double? = nil, iteration: Int = 0) throws -> Double {
    try onGradientsReady?(gradients)
    return try solver.apply(gradients: gradients, parameters: parameters, rate: rate, iteration: iteration)
  }

  /// Runs an iteration. Nothing is changed when a pass fails, is cancelled or its loss is not finite.
  /// - Parameters:
  ///   - iteration: counted from 0; fixes the learning rate.
  ///   - dropoutSeed: for a pass, counted from 0.
  ///   - batch: gives the batch of a pass.
  ///   - statistics: is told the batch statistics of each pass, after the step.
  public func run(
    iteration: Int, dropoutSeed: (_ pass: Int, _ layer: Int) -> Int64 = { _, _ in 0 },
    batch: (_ pass: Int) throws -> TrainingBatch,
    statistics: ([BatchStatistics]) throws -> Void = { _ in }
  ) throws -> Outcome {
    var losses = 0.0
    var passes: [[BatchStatistics]] = []
    for pass in 0..<settings.iterSize {
      let loss = try forwardAndBackward(try batch(pass), pass) { dropoutSeed(pass, $0) }
      guard loss.isFinite else {
        throw EngineError(
          .numeric,
          "The loss is \(loss) in iteration \(iteration + 1); start again with a learning rate below \(settings.learningRate(iteration: iteration))."
        )
      }
      losses += loss
      passes.append(self.statistics)
    }
    let norm = try apply(iteration: iteration)
    for pass in passes { try statistics(pass) }
    return Outcome(loss: losses / Double(settings.iterSize), gradientNorm: norm)
  }

  /// Adds the gradients of a further pass to those of the first.
  private func accumulate() throws {
    let sums = try ParameterValues(graph.gradients.map { try value(first, $0.gradient) })
    let added = try ParameterValues(graph.gradients.map { try value(further, $0.gradient) })
    // The authors' Caffe overwrites the gradients of scale and shift instead of adding them.
    let overwritten = isNormalization.map { settings.caffe && $0 }
    blocks.forEach(execution.control.pool) { block in
      let (sum, more) = (sums[block], added[block])
      if overwritten[block.tensor] {
        for i in 0..<block.range.count { sum[i] = more[i] }
      } else {
        for i in 0..<block.range.count { sum[i] += more[i] }
      }
    }
  }

  private func value(_ results: [ValueID: Tensor], _ id: ValueID) throws -> Tensor {
    guard let tensor = results[id] else {
      throw EngineError(.internal, "The training plan gave no '\(graph.graph[id].name)'.")
    }
    return tensor
  }
}
