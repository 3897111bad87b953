import DecoupledCore

/// DecoupledNet as ONNX files, for one image at a time. The network is its graph's own walk; by hand stand here only what the
/// engine does between its plans: which label passes there are, and what the maps of a file are made of.
struct DecoupledNetONNX {
  private let model: Model
  private let network: PredictionGraph
  private var lowering: ONNXLowering

  private init(_ model: Model, rows: Int, name: String, outputs: [String]) throws {
    self.model = model
    network = try PredictionGraph(model.description, images: 1, rows: rows, seeds: rows, plain: true)
    lowering = ONNXLowering(network.graph, name: name, outputs: outputs)
    let allOfTheImage = lowering.result.constant([Int](repeating: 0, count: rows))
    lowering.give(network.rowToImage, as: allOfTheImage)
  }

  private var heads: ClassificationNetwork { network.classification }
  private var description: NetworkDescription { model.description }

  /// What a label pass needs of the classification network, but for the switches and where its gradient starts.
  private var features: [(value: ValueID, name: String)] {
    [(heads.pool, "pool\(description.stages)"), (heads.fc6, "mask6"), (heads.fc7, "mask7")]
  }

  private var switches: [(value: ValueID, name: String)] {
    heads.switches.enumerated().map { ($1, "switch\($0 + 1)") }
  }

  private var pooledScore: ValueID {
    description.saliency.placement == .max ? heads.maxLogits : heads.logits
  }

  /// The seeds where they enter the score map, [rows, L, n, n].
  private func placedSeeds() throws -> ValueID {
    guard let node = network.graph.nodes.first(where: { $0.inputs.contains(network.seeds) }) else {
      throw EngineError(.internal, "Nothing reads the seeds of the saliency.")
    }
    return node.outputs[0]
  }

  private func file(_ notes: [(key: String, value: String)] = []) throws -> ONNXFile {
    ONNXFile(
      graph: lowering.result.finished(), parameters: model.parameters,
      metadata: try ONNXFile.metadata(of: model) + notes)
  }

  /// Image to scores, with everything that a label pass needs as further outputs.
  static func classification(_ model: Model) throws -> ONNXFile {
    let pool = "pool\(model.description.stages)"
    let switches = (1...model.description.stages).map { "switch\($0)" }
    var part = try DecoupledNetONNX(
      model, rows: 1, name: "classification",
      outputs: ["scores", "logits", "score_map", "placement", pool, "mask6", "mask7"] + switches)
    try part.addClassification()
    return try part.file()
  }

  private mutating func addClassification() throws {
    lowering.input(network.image, "image")
    try lowering.output(heads.scores, "scores")
    try lowering.output(pooledScore, "logits")
    try lowering.output(heads.scoreMap, "score_map")
    let ones = [Float](repeating: 1, count: description.classes)
    lowering.give(network.seeds, as: lowering.result.constant(ones, [1, description.classes, 1, 1]))
    try lowering.output(placedSeeds(), "placement")
    for (value, name) in features {
      guard value != heads.pool else {
        try lowering.output(value, name)
        continue
      }
      // The back pass asks of a ReLU where it is above 0.
      let isAbove = lowering.result.add(
        "Greater", [try lowering.name(of: value), lowering.result.constant([Float(0)])])
      let mask = lowering.result.add("Cast", [isAbove], [("to", .integer(ONNXFile.number(of: .float32)))])
      lowering.result.output(name, mask, network.graph[value].type.shape)
    }
    for (value, name) in switches { try lowering.outputIndices(value, name) }
  }

  /// One label pass: "seeds" [1, L, 1, 1] and the outputs of `classification` to "probabilities" [1, 2, S, S].
  static func labelPass(_ model: Model) throws -> ONNXFile {
    var part = try DecoupledNetONNX(model, rows: 1, name: "label-pass", outputs: ["probabilities"])
    try part.addLabelPass()
    return try part.file()
  }

  private mutating func addLabelPass() throws {
    lowering.input(network.seeds, "seeds")
    let placed = try placedSeeds()
    let placement = lowering.result.input("placement", network.graph[placed].type.shape)
    lowering.give(placed, as: lowering.result.add("Mul", [try lowering.name(of: network.seeds), placement]))
    for (value, name) in features { lowering.input(value, name) }
    for (value, name) in switches { try lowering.inputIndices(value, name) }
    try lowering.output(network.probabilities, "probabilities")
  }

  /// The whole prediction: image to "scores" [1, L], "score_maps" [1, L + 1, S, S] (background first, normalised to sum 1) and
  /// "label_map" int64 [1, S, S].
  /// - Parameter labelPasses: K classes with the highest scores are segmented, if they are identified.
  static func prediction(_ model: Model, labelPasses: Int, threshold: Float) throws -> ONNXFile {
    var part = try DecoupledNetONNX(
      model, rows: labelPasses + 1, name: "prediction", outputs: ["scores", "score_maps", "label_map"])
    try part.addPrediction(labelPasses, threshold)
    return try part.file([("label_passes", "\(labelPasses)"), ("threshold", "\(threshold)")])
  }

  private mutating func addPrediction(_ passes: Int, _ threshold: Float) throws {
    let (classes, size) = (description.classes, description.inputSize)
    lowering.input(network.image, "image")
    try lowering.output(heads.scores, "scores")
    let scores = try lowering.name(of: heads.scores)
    let above = lowering.result.add("Greater", [scores, lowering.result.constant([threshold])])
    let identified = lowering.result.add("Cast", [above], [("to", .integer(ONNXFile.number(of: .float32)))])
    let value =
      switch description.saliency.seed {
      case .one: identified
      case .score: lowering.result.add("Mul", [scores, identified])
      case .raw: lowering.result.add("Mul", [try lowering.name(of: pooledScore), identified])
      }
    // Row 0 is the pass of all classes, the others have one class each.
    let selection = lowering.result.highest(passes, of: scores, classes: classes)
    let own = lowering.result.add("Mul", [selection, value])
    let rows = lowering.result.add("Concat", [value, own], [("axis", .integer(0))])
    let shape = lowering.result.constant([passes + 1, classes, 1, 1])
    lowering.give(network.seeds, as: lowering.result.add("Reshape", [rows, shape]))
    let maps = lowering.result.scoreMaps(
      ofPasses: try lowering.name(of: network.probabilities),
      shown: lowering.result.add("Mul", [selection, identified]),
      passes: passes, classes: classes, size: size)
    lowering.result.output("score_maps", maps, [1, classes + 1, size, size])
    lowering.result.outputLabelMap(of: maps, size: [size, size])
  }
}
