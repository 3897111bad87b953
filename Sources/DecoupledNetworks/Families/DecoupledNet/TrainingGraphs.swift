import DecoupledCore

extension TrainingGraph {
  /// Phase 1 (paper section 4.1): sigmoid cross-entropy of the average-pooled scores on image-level labels.
  /// - Parameter frozen: whether a parameter keeps its value; no gradient is computed for it.
  public static func classification(
    _ description: NetworkDescription, batch: Int, elementType: ElementType = .float32, dropout: Bool = true,
    frozen: (String) -> Bool = { _ in false }
  ) throws -> TrainingGraph {
    try description.validate()
    var builder = LayerBuilder(description, elementType: elementType)
    let size = description.inputSize
    let image = try builder.graph.addInput("image", ValueType(elementType, [batch, 3, size, size]))
    let labels = try builder.graph.addInput("labels", ValueType(elementType, [batch, description.classes]))
    let seeds = try dropout ? Heads.make(description).dropoutSeeds : []
    let seedInputs = try seeds.map { try builder.graph.addInput($0, ValueType(.int64, [1])) }
    let network = try ClassificationNetwork.build(&builder, image: image, dropoutSeeds: seedInputs)
    let loss = try builder.graph.add1(SigmoidCrossEntropy(), [network.logits, labels], name: "loss")
    return try TrainingGraph(
      builder.graph, image: image, labels: labels, dropoutSeeds: seedInputs, loss: loss, scores: network.logits,
      trained: builder.graph.parameters.filter { !frozen(builder.graph[$0].name) })
  }

  /// Phase 2 (paper section 4.4): per-pixel softmax loss on binary masks. The classification network is fixed and runs
  /// as in prediction; batch normalisation uses the statistics of the batch.
  ///
  /// Labels are [images, L, 1, 1], 1 for the classes of the selected subset; masks are 0 background, 1 foreground.
  public static func segmentation(
    _ description: NetworkDescription, batch: Int, elementType: ElementType = .float32,
    frozen: (String) -> Bool = { _ in false }
  ) throws -> TrainingGraph {
    try description.validate()
    var builder = LayerBuilder(description, elementType: elementType)
    let size = description.inputSize
    let image = try builder.graph.addInput("image", ValueType(elementType, [batch, 3, size, size]))
    let labels = try builder.graph.addInput("labels", ValueType(elementType, [batch, description.classes, 1, 1]))
    let mask = try builder.graph.addInput("mask", ValueType(.int32, [batch, size, size]))
    let network = try ClassificationNetwork.build(&builder, image: image)
    let fixed = Set(builder.graph.parameters)
    let seeds = try trainingSeeds(&builder, network, labels: labels)
    let saliency = try ClassSpecificSaliency.build(&builder, network, seeds: seeds, rowToImage: nil)
    let bridging = try builder.building(.bridge) {
      try BridgingLayers.build(
        &$0, spatial: .perRow(network.source.value), stride: network.source.stride, saliency: saliency, training: true)
    }
    let decoder = try Decoders.make(description)
    let scores = try builder.building(.decoder) {
      try decoder.build(
        &$0, activation: bridging.activation, features: network.features, rowToImage: nil, training: true)
    }.scores
    let loss = try builder.graph.add1(SoftmaxCrossEntropy(), [scores, mask], name: "loss")
    return try TrainingGraph(
      builder.graph, image: image, labels: labels, mask: mask, loss: loss, scores: scores,
      trained: builder.graph.parameters.filter { !fixed.contains($0) && !frozen(builder.graph[$0].name) },
      recomputing: true)
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
}
