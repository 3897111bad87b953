import DecoupledCore

/// A graph that computes a loss and its gradients: what one training step runs.
public struct TrainingGraph: Sendable {
  public let graph: Graph
  /// [images, 3, S, S].
  public let image: ValueID
  /// Phase 1: [images, L] targets in 0...1. Phase 2: [images, L, 1, 1], 1 for the classes of the selected subset.
  public let labels: ValueID
  /// Phase 2: int32 [images, S, S], 0 background, 1 foreground, 255 ignored. Nil in phase 1.
  public let mask: ValueID?
  /// int64 [1] each, empty when no dropout runs.
  public let dropoutSeeds: [ValueID]
  /// [1]: what the gradient of the loss starts from, 1 or 1 / iter_size.
  public let lossGradient: ValueID
  /// [1].
  public let loss: ValueID
  /// Phase 1: logits [images, L]. Phase 2: scores [images, 2, S, S].
  public let scores: ValueID
  /// Phase 2: pool5-bp, [images, C, h, w].
  public let saliency: ValueID?
  /// Gradient of the loss by trained parameter.
  public let gradients: [(parameter: ValueID, gradient: ValueID)]
  /// Phase 2: mean and biased variance of the batch, by the name of the normalisation layer.
  public let statistics: [(layer: String, mean: ValueID, variance: ValueID)]
}

extension TrainingGraph {
  /// Phase 1 (paper section 4.1): sigmoid cross-entropy of the average-pooled scores on image-level labels.
  /// - Parameter frozen: whether a parameter keeps its value; no gradient is computed for it.
  public static func classification(
    _ description: NetworkDescription, batch: Int, elementType: ElementType = .float32, dropout: Bool = true,
    frozen: (String) -> Bool = { _ in false }
  ) throws -> TrainingGraph {
    try description.validate()
    var builder = LayerBuilder(graph: Graph(), description: description, elementType: elementType)
    let size = description.inputSize
    let image = try builder.graph.addInput("image", ValueType(elementType, [batch, 3, size, size]))
    let labels = try builder.graph.addInput("labels", ValueType(elementType, [batch, description.classes]))
    var seeds: [ValueID] = []
    if dropout && description.dropout > 0 {
      seeds = try ["dropout_seed6", "dropout_seed7"].map { try builder.graph.addInput($0, ValueType(.int64, [1])) }
    }
    let network = try ClassificationNetwork.build(
      &builder, image: image, dropoutSeeds: seeds.isEmpty ? nil : (seeds[0], seeds[1]))
    let loss = try builder.graph.add1(SigmoidCrossEntropy(), [network.logits, labels], name: "loss")
    let lossGradient = try builder.graph.addInput("loss_gradient", ValueType(elementType, [1]))
    let trained = builder.graph.parameters.filter { !frozen(builder.graph[$0].name) }
    let gradients = try builder.graph.gradient(of: loss, withRespectTo: trained, seed: lossGradient)
    return TrainingGraph(
      graph: builder.graph, image: image, labels: labels, mask: nil, dropoutSeeds: seeds, lossGradient: lossGradient,
      loss: loss, scores: network.logits, saliency: nil, gradients: pairs(trained, gradients), statistics: [])
  }

  /// Phase 2 (paper section 4.4): per-pixel softmax loss on binary masks. The classification network is fixed and runs
  /// as in prediction; batch normalisation uses the statistics of the batch.
  public static func segmentation(
    _ description: NetworkDescription, batch: Int, elementType: ElementType = .float32,
    frozen: (String) -> Bool = { _ in false }
  ) throws -> TrainingGraph {
    try description.validate()
    var builder = LayerBuilder(graph: Graph(), description: description, elementType: elementType)
    let size = description.inputSize
    let image = try builder.graph.addInput("image", ValueType(elementType, [batch, 3, size, size]))
    let labels = try builder.graph.addInput("labels", ValueType(elementType, [batch, description.classes, 1, 1]))
    let mask = try builder.graph.addInput("mask", ValueType(.int32, [batch, size, size]))
    let network = try ClassificationNetwork.build(&builder, image: image)
    let fixed = Set(builder.graph.parameters)
    let seeds = try trainingSeeds(&builder, network, labels: labels)
    let saliency = try ClassSpecificSaliency.build(&builder, network, seeds: seeds, rowToImage: nil)
    let bridging = try BridgingLayers.build(
      &builder, spatial: .perRow(network.pool), saliency: saliency, training: true)
    let scores = try SegmentationNetwork.build(
      &builder, activation: bridging.activation, switches: network.switches, rowToImage: nil, training: true
    ).scores
    let loss = try builder.graph.add1(SoftmaxCrossEntropy(), [scores, mask], name: "loss")
    let lossGradient = try builder.graph.addInput("loss_gradient", ValueType(elementType, [1]))
    let trained = builder.graph.parameters.filter { !fixed.contains($0) && !frozen(builder.graph[$0].name) }
    let gradients = try builder.graph.gradient(
      of: loss, withRespectTo: trained, seed: lossGradient, recomputing: true)
    let statistics = builder.graph.nodes.filter { ($0.operation as? BatchNormalization)?.training == true }
      .map { (layer: $0.name, mean: $0.outputs[1], variance: $0.outputs[2]) }
    return TrainingGraph(
      graph: builder.graph, image: image, labels: labels, mask: mask, dropoutSeeds: [], lossGradient: lossGradient,
      loss: loss, scores: scores, saliency: saliency, gradients: pairs(trained, gradients), statistics: statistics)
  }

  /// The value back-propagated for each selected class: 1, or the pooled score times the label ("cls-score-masked" of
  /// the released training network, which takes the max head; fp_bp_network takes its average head's raw score).
  private static func trainingSeeds(
    _ builder: inout LayerBuilder, _ network: ClassificationNetwork, labels: ValueID
  ) throws -> ValueID {
    let flat = Reshape(trailing: [builder.description.classes, 1, 1])
    let pooled: ValueID
    switch builder.description.saliency.seed {
    case .one: return labels
    case .score: pooled = network.maxScores
    case .raw: pooled = builder.description.saliency.placement == .average ? network.logits : network.maxLogits
    }
    let scores = try builder.graph.add1(flat, [pooled], name: "seed_scores")
    return try builder.graph.add1(Mul(), [scores, labels], name: "masked_scores")
  }

  private static func pairs(
    _ parameters: [ValueID], _ gradients: [ValueID?]
  ) -> [(parameter: ValueID, gradient: ValueID)] {
    zip(parameters, gradients).compactMap { parameter, gradient in gradient.map { (parameter, $0) } }
  }
}
