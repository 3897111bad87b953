import DecoupledCore

/// The values of the classification network (VGG-16 in the paper, section 4.1) that other parts use.
public struct ClassificationNetwork: Sendable {
  /// Behind the last pool: [images, C, h, w].
  public let pool: ValueID
  /// Places of the maxima of each pool, finest first: int32, plane-local.
  public let switches: [ValueID]
  /// After their ReLU, before dropout.
  public let fc6: ValueID
  public let fc7: ValueID
  /// [images, L, n, n].
  public let scoreMap: ValueID
  /// Average- and max-pooled scores before the sigmoid, [images, L, 1, 1]: the two heads that the saliency starts from.
  public let averagePool: ValueID
  public let maxPool: ValueID
  /// Place of each class's largest score in its map.
  public let scoreSwitch: ValueID
  /// The pooled scores as [images, L].
  public let logits: ValueID
  public let maxLogits: ValueID
  /// Sigmoid of the average head: what decides which classes an image shows.
  public let scores: ValueID
  /// Sigmoid of the max head.
  public let maxScores: ValueID

  /// - Parameters:
  ///   - dropoutSeeds: int64 [1] inputs for fc6 and fc7, or nil to run without dropout.
  static func build(
    _ builder: inout LayerBuilder, image: ValueID, dropoutSeeds: (fc6: ValueID, fc7: ValueID)? = nil
  ) throws -> ClassificationNetwork {
    let description = builder.description
    var x = image
    var switches: [ValueID] = []
    for stage in 0..<description.stages {
      for number in 1...description.stageConvolutions[stage] {
        let name = "conv\(stage + 1)_\(number)"
        x = try builder.convolution(name, x, out: description.stageChannels[stage], kernel: 3, pad: 1)
        x = try builder.relu(x, name: "relu\(stage + 1)_\(number)")
      }
      let pooled = try builder.graph.add(MaxPool(SlidingWindow(2, stride: 2)), [x], name: "pool\(stage + 1)")
      x = pooled[0]
      switches.append(pooled[1])
    }
    let pool = x
    func dropped(_ builder: inout LayerBuilder, _ x: ValueID, _ seed: ValueID?, _ name: String) throws -> ValueID {
      guard let seed, description.dropout > 0 else { return x }
      return try builder.graph.add1(Dropout(ratio: description.dropout), [x, seed], name: name)
    }
    let fc6 = try builder.relu(
      try builder.convolution("fc6", pool, out: description.fcWidth, kernel: description.fc6Kernel), name: "relu6")
    let drop6 = try dropped(&builder, fc6, dropoutSeeds?.fc6, "drop6")
    let fc7 = try builder.relu(
      try builder.convolution("fc7", drop6, out: description.fcWidth, kernel: 1), name: "relu7")
    let drop7 = try dropped(&builder, fc7, dropoutSeeds?.fc7, "drop7")
    let scoreMap = try builder.convolution("cls_score", drop7, out: description.classes, kernel: 1)
    let window = SlidingWindow(description.scoreMapSize)
    let averagePool = try builder.graph.add1(AveragePool(window), [scoreMap], name: "score_average")
    let maxPool = try builder.graph.add(MaxPool(window), [scoreMap], name: "score_max")
    let flat = Reshape(trailing: [description.classes])
    let logits = try builder.graph.add1(flat, [averagePool], name: "logits")
    let maxLogits = try builder.graph.add1(flat, [maxPool[0]], name: "logits_max")
    return ClassificationNetwork(
      pool: pool, switches: switches, fc6: fc6, fc7: fc7, scoreMap: scoreMap, averagePool: averagePool,
      maxPool: maxPool[0], scoreSwitch: maxPool[1], logits: logits, maxLogits: maxLogits,
      scores: try builder.graph.add1(Sigmoid(), [logits], name: "scores"),
      maxScores: try builder.graph.add1(Sigmoid(), [maxLogits], name: "scores_max"))
  }
}
