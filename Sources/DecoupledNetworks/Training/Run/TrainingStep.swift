import DecoupledBase
import DecoupledCore

/// One iteration of training: `iterSize` forward and backward passes and a step of the solver, on the caller's batches.
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
  /// Gradients of the last iteration by parameter name, averaged over its passes.
  public private(set) var gradients: [String: Tensor] = [:]

  private let plan: Plan
  private let execution: Execution
  private let normalizationParameters: Set<String>
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
    let scaleAndShift = graph.graph.nodes.filter { $0.operation is BatchNormalization }
      .flatMap { [$0.inputs[1], $0.inputs[2]] }.compactMap { $0.map { graph.graph[$0].name } }
    normalizationParameters = Set(scaleAndShift)
    let trained = graph.gradients.map { graph.graph[$0.parameter] }
    solver = try MomentumSolver(
      settings,
      parameters: trained.map { ($0.name, $0.type.shape, Set(scaleAndShift).contains($0.name)) },
      pool: execution.control.pool)
    blocks = ParameterBlocks(trained.map { $0.type.shape.reduce(1, *) })
    lossGradient = try Tensor([1 / Float(settings.iterSize)], shape: [1])
    let feeds =
      [graph.image, graph.labels] + (graph.mask.map { [$0] } ?? []) + graph.dropoutSeeds + [graph.lossGradient]
    let fetches = [graph.loss] + graph.gradients.map(\.gradient) + graph.statistics.flatMap { [$0.mean, $0.variance] }
    plan = try Plan(graph.graph, feeds: feeds, fetches: fetches, keepsPackedWeights: false, backend: backend)
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
      var feeds = try batch(pass).feeds(for: graph)
      feeds[graph.lossGradient] = lossGradient
      for (layer, seed) in graph.dropoutSeeds.enumerated() {
        feeds[seed] = try Tensor([dropoutSeed(pass, layer)], shape: [1])
      }
      if pass == 0 {
        try execution.run(plan, feeds: feeds, parameters: parameters, results: &first)
      } else {
        try execution.run(plan, feeds: feeds, parameters: parameters, results: &further)
      }
      let results = pass == 0 ? first : further
      let loss = Double(try value(results, graph.loss).elements(Float.self)[0])
      guard loss.isFinite else {
        throw EngineError(
          .numeric,
          "The loss is \(loss) in iteration \(iteration + 1); start again with a learning rate below \(settings.learningRate(iteration: iteration))."
        )
      }
      losses += loss
      passes.append(
        try graph.statistics.map {
          BatchStatistics(
            layer: $0.layer, mean: try value(results, $0.mean).array(),
            variance: try value(results, $0.variance).array())
        })
      if pass > 0 { try accumulate() }
    }
    for (parameter, gradient) in graph.gradients {
      gradients[graph.graph[parameter].name] = try value(first, gradient)
    }
    let norm = try solver.apply(gradients: gradients, parameters: parameters, iteration: iteration)
    for pass in passes { try statistics(pass) }
    return Outcome(loss: losses / Double(settings.iterSize), gradientNorm: norm)
  }

  /// Adds the gradients of a further pass to those of the first.
  private func accumulate() throws {
    let sums = try ParameterValues(graph.gradients.map { try value(first, $0.gradient) })
    let added = try ParameterValues(graph.gradients.map { try value(further, $0.gradient) })
    // The authors' Caffe overwrites the gradients of scale and shift instead of adding them.
    let overwritten = graph.gradients.map {
      settings.caffe && normalizationParameters.contains(graph.graph[$0.parameter].name)
    }
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
