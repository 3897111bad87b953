import DecoupledBase
import DecoupledCore

/// Running averages of the batch statistics, kept beside the weights as `<layer>.running_mean` and `.running_var`.
///
/// They serve evaluation during training and play no part in gradients; the final model's statistics come from
/// `StatisticsConversion`.
struct RunningStatistics {
  /// Weight of a new batch, as torch's default. The first batches weigh 1, 1/2, 1/3 ... until that is less, so that the initial 0 and 1
  /// leave no trace: pool5-bp's variance is near 1e-7, and 0.9^n of the initial 1 would hide it for 150 batches.
  static let momentum = 0.1

  /// m of each layer: the values a channel's statistics are made of.
  private let counts: [String: Int]

  init(_ graph: TrainingGraph) throws {
    counts = try Self.counts(graph)
  }

  /// N*H*W of each normalisation layer.
  static func counts(_ graph: TrainingGraph) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for statistic in graph.statistics {
      let shape = graph.graph[try graph.graph.value(named: statistic.layer)].type.shape
      counts[statistic.layer] = shape[0] * shape.dropFirst(2).reduce(1, *)
    }
    return counts
  }

  /// Takes in one batch.
  /// - Parameter number: of the batch in the run, from 0.
  func update(_ parameters: ParameterStore, with statistics: [BatchStatistics], number: Int) throws {
    let weight = Float(max(Self.momentum, 1 / Double(number + 1)))
    for layer in statistics {
      let m = Double(counts[layer.layer] ?? 0)
      // Unbiased, as torch keeps it.
      let correction = m > 1 ? Float(m / (m - 1)) : 1
      try Self.blend(parameters, "\(layer.layer).running_mean", layer.mean, weight, 1)
      try Self.blend(parameters, "\(layer.layer).running_var", layer.variance, weight, correction)
    }
  }

  private static func blend(
    _ parameters: ParameterStore, _ name: String, _ values: [Float], _ weight: Float, _ factor: Float
  ) throws {
    guard let tensor = parameters[name], tensor.elementCount == values.count else {
      throw EngineError(.internal, "The statistics '\(name)' are missing or of another size.")
    }
    let target = try tensor.elements(Float.self)
    parameters.noteChange(of: name)
    for (i, value) in values.enumerated() { target[i] = (1 - weight) * target[i] + weight * (factor * value) }
  }
}
