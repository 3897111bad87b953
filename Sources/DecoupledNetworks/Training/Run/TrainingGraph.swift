import DecoupledCore

/// A graph that computes a loss and its gradients: what one training step runs.
public struct TrainingGraph: Sendable {
  /// Mean and biased variance of the batch at one normalisation layer.
  public struct Statistics: Sendable {
    public let layer: String
    public let mean: ValueID
    public let variance: ValueID
  }

  public let graph: Graph
  /// [images, 3, S, S].
  public let image: ValueID
  /// Targets of image-level labels, [images, L] or [images, L, 1, 1]; nil for a phase that reads none.
  public let labels: ValueID?
  /// int32 [images, S, S] of pixel labels, 255 ignored; nil for a phase that reads none.
  public let mask: ValueID?
  /// int64 [1] each, empty when no dropout runs.
  public let dropoutSeeds: [ValueID]
  /// [1]: what the gradient of the loss starts from, 1 or 1 / iter_size.
  public let lossGradient: ValueID
  /// [1].
  public let loss: ValueID
  /// What the loss compares with the targets: [images, L], or [images, classes, S, S].
  public let scores: ValueID
  /// Gradient of the loss by trained parameter.
  public let gradients: [(parameter: ValueID, gradient: ValueID)]
  /// Of the layers that normalise by the statistics of the batch.
  public let statistics: [Statistics]

  /// Appends the gradients of the loss to a graph.
  /// - Parameters:
  ///   - trained: parameters that the phase changes.
  ///   - recomputing: compute cheap values once more in the back pass rather than keep them, see `Graph.gradient`.
  init(
    _ graph: Graph, image: ValueID, labels: ValueID? = nil, mask: ValueID? = nil, dropoutSeeds: [ValueID] = [],
    loss: ValueID, scores: ValueID, trained: [ValueID], recomputing: Bool = false
  ) throws {
    var graph = graph
    lossGradient = try graph.addInput("loss_gradient", graph[loss].type)
    let found = try graph.gradient(
      of: loss, withRespectTo: trained, seed: lossGradient, recomputing: recomputing)
    gradients = zip(trained, found).compactMap { parameter, gradient in gradient.map { (parameter, $0) } }
    statistics = graph.nodes.filter { ($0.operation as? BatchNormalization)?.training == true }
      .map { Statistics(layer: $0.name, mean: $0.outputs[1], variance: $0.outputs[2]) }
    self.graph = graph
    (self.image, self.labels, self.mask) = (image, labels, mask)
    (self.dropoutSeeds, self.loss, self.scores) = (dropoutSeeds, loss, scores)
  }

  /// What every run is given.
  var feeds: [ValueID] { [image] + [labels, mask].compactMap { $0 } + dropoutSeeds + [lossGradient] }

  /// Names of what a run changes: trained weights and running statistics.
  var changing: [String] {
    gradients.map { graph[$0.parameter].name }
      + statistics.flatMap { ["\($0.layer).running_mean", "\($0.layer).running_var"] }
  }
}
