import DecoupledBase
import DecoupledCore

/// The values of the classification network (paper section 4.1) that other parts use.
public struct ClassificationNetwork: Sendable {
  public let features: TrunkFeatures
  /// The features that the saliency is taken at and that the bridging layers read, [images, C, h, w].
  public let source: TrunkFeatures.Tap
  /// [images, L, n, n].
  public let scoreMap: ValueID
  /// Average- and max-pooled scores before the sigmoid, [images, L, 1, 1]: the two heads that the saliency starts from.
  public let averagePool: ValueID
  public let maxPool: ValueID
  /// The pooled scores as [images, L].
  public let logits: ValueID
  public let maxLogits: ValueID
  /// Sigmoid of the average head: what decides which classes an image shows.
  public let scores: ValueID
  /// Sigmoid of the max head.
  public let maxScores: ValueID

  /// - Parameter dropoutSeeds: int64 [1] inputs, as the head names them; empty to run without dropout.
  static func build(
    _ builder: inout LayerBuilder, image: ValueID, dropoutSeeds: [ValueID] = []
  ) throws -> ClassificationNetwork {
    let description = builder.description
    let trunk = try Trunks.make(description)
    let features = try builder.building(.trunk) { try trunk.build(&$0, image: image) }
    guard let source = features.source(description) else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': the trunk '\(description.trunk)' has no features at a saliency_tap of \(description.saliencyTap ?? 0) pixels a cell; it has \(features.taps.map { "\($0.stride)" }.joined(separator: ", "))."
      )
    }
    let head = try Heads.make(description)
    let hidden = try builder.building(.head) { try head.build(&$0, features: features, seeds: dropoutSeeds) }
    let scoreMap = try builder.building(.score) {
      try $0.convolution("cls_score", hidden, out: description.classes, kernel: 1)
    }
    let window = SlidingWindow(kernel: Array(builder.graph[scoreMap].type.shape[2...]))
    let averagePool = try builder.graph.add1(AveragePool(window), [scoreMap], name: "score_average")
    let maxPool = try builder.graph.add1(MaxPool(window), [scoreMap], name: "score_max")
    let flat = Reshape(trailing: [description.classes])
    let logits = try builder.graph.add1(flat, [averagePool], name: "logits")
    let maxLogits = try builder.graph.add1(flat, [maxPool], name: "logits_max")
    return ClassificationNetwork(
      features: features, source: source, scoreMap: scoreMap, averagePool: averagePool, maxPool: maxPool,
      logits: logits,
      maxLogits: maxLogits, scores: try builder.graph.add1(Sigmoid(), [logits], name: "scores"),
      maxScores: try builder.graph.add1(Sigmoid(), [maxLogits], name: "scores_max"))
  }
}

extension TrunkFeatures {
  /// The tap that a description names; the last one where it names none.
  fileprivate func source(_ description: NetworkDescription) -> Tap? {
    guard let stride = description.saliencyTap else { return taps.last }
    return taps.last { $0.stride == stride }
  }
}
