import DecoupledCore

/// The whole network for prediction, with the label passes as rows of a batch. Plans cut it where they need to.
public struct PredictionGraph: Sendable {
  public let graph: Graph
  /// [images, 3, S, S].
  public let image: ValueID
  public let classification: ClassificationNetwork
  /// [seeds, L, 1, 1]: the value back-propagated for each class, one row per identified class. In the plain procedure
  /// the seeds are the label rows.
  public let seeds: ValueID
  /// int32 [seeds].
  public let seedToImage: ValueID
  /// pool5-bp of the seeds.
  public let seedSaliency: ValueID
  /// int32 [rows].
  public let rowToImage: ValueID
  /// pool5-bp of the label rows: an input, because pool5-bp is linear in the seed and the rows are sums of seeds; in the
  /// plain procedure the same value as `seedSaliency`.
  public let saliency: ValueID
  /// Class-specific activation maps, [rows, C, h, w].
  public let activation: ValueID
  /// What each stage of the segmentation network un-pools, [rows, C, h, w], coarsest first; the first is `activation`.
  public let stageInputs: [ValueID]
  /// [rows, 2, S, S].
  public let scores: ValueID
  public let probabilities: ValueID

  /// - Parameters:
  ///   - images, rows, seeds: the largest sizes of the batches. Identifiers of values do not depend on them.
  ///   - plain: build the procedure of the released code, without shared work between label rows.
  public init(
    _ description: NetworkDescription, images: Int, rows: Int, seeds seedCount: Int, plain: Bool = false,
    elementType: ElementType = .float32
  ) throws {
    try description.validate()
    var builder = LayerBuilder(description, elementType: elementType)
    let size = description.inputSize
    image = try builder.graph.addInput("image", ValueType(elementType, [images, 3, size, size], batch: .images))
    classification = try ClassificationNetwork.build(&builder, image: image)
    rowToImage = try builder.graph.addInput("row_to_image", ValueType(.int32, [rows], batch: .rows))
    let seedBatch: BatchDimension = plain ? .rows : .seeds
    let seedRows = plain ? rows : seedCount
    seeds = try builder.graph.addInput(
      "seeds", ValueType(elementType, [seedRows, description.classes, 1, 1], batch: seedBatch))
    seedToImage =
      plain ? rowToImage : try builder.graph.addInput("seed_to_image", ValueType(.int32, [seedRows], batch: seedBatch))
    seedSaliency = try ClassSpecificSaliency.build(&builder, classification, seeds: seeds, rowToImage: seedToImage)
    let source = classification.source
    let spatial: BridgingLayers.SpatialFeatures
    if plain {
      saliency = seedSaliency
      spatial = .perRow(try builder.graph.add1(Gather(), [source.value, rowToImage], name: "pool_rows"))
    } else {
      let shape = builder.graph[source.value].type.shape.dropFirst()
      saliency = try builder.graph.addInput("saliency", ValueType(elementType, [rows] + shape, batch: .rows))
      spatial = .shared(pool: source.value, rowToImage: rowToImage)
    }
    let saliency = self.saliency
    let bridging = try builder.building(.bridge) {
      try BridgingLayers.build(&$0, spatial: spatial, stride: source.stride, saliency: saliency, training: false)
    }
    activation = bridging.activation
    let decoder = try Decoders.make(description)
    let (activation, rowToImage, classification) = (self.activation, self.rowToImage, self.classification)
    let segmentation = try builder.building(.decoder) {
      try decoder.build(
        &$0, activation: activation, features: classification.features, rowToImage: rowToImage, training: false)
    }
    stageInputs = segmentation.stageInputs
    scores = segmentation.scores
    probabilities = try builder.graph.add1(Softmax(axis: 1), [scores], name: "probabilities")
    graph = builder.graph
  }
}
