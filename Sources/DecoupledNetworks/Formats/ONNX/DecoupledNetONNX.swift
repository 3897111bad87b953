import DecoupledBase
import DecoupledCore

/// DecoupledNet as ONNX files, for one image at a time. The network is said by its graph, whatever its parts are; by hand stands
/// here only what the engine does between its plans: which label passes there are, and what the maps of a file are made of.
struct DecoupledNetONNX {
  private let model: Model
  private let graph: Graph
  private var lowering: ONNXLowering
  private let image: ValueID
  private let seeds: ValueID
  private let rowToImage: ValueID
  /// The seeds where they enter the score map, [rows, L, n, n].
  private let placedSeeds: ValueID

  private init(_ model: Model, rows: Int, name: String, outputs: [String]) throws {
    self.model = model
    graph = try PredictionGraph(model.description, images: 1, rows: rows, seeds: rows, plain: true).graph
    lowering = ONNXLowering(graph, name: name, outputs: outputs)
    image = try graph.value(named: "image")
    rowToImage = try graph.value(named: "row_to_image")
    let seeds = try graph.value(named: "seeds")
    self.seeds = seeds
    guard let first = graph.nodes.first(where: { $0.inputs.contains(seeds) }) else {
      throw EngineError(.internal, "Nothing reads the seeds of the saliency.")
    }
    placedSeeds = first.outputs[0]
    let allOfTheImage = lowering.result.constant([Int](repeating: 0, count: rows))
    lowering.give(rowToImage, as: allOfTheImage)
  }

  private var description: NetworkDescription { model.description }

  /// The scores that the seeds belong to, before the sigmoid.
  private func pooledScore() throws -> ValueID {
    try graph.value(named: description.saliency.placement == .max ? "logits_max" : "logits")
  }

  private func file(_ notes: [(key: String, value: String)] = []) throws -> ONNXFile {
    ONNXFile(
      graph: lowering.result.finished(), parameters: model.parameters,
      metadata: try ONNXFile.metadata(of: model) + notes)
  }

  /// Image to scores, with everything that a label pass needs as further outputs.
  static func classification(_ model: Model) throws -> ONNXFile {
    let needed = Set(try labelPass(model).graph.inputs.map(\.name))
    let features = try DecoupledNetONNX(model, rows: 1, name: "", outputs: []).features.filter {
      needed.contains($0.name)
    }
    var part = try DecoupledNetONNX(
      model, rows: 1, name: "classification",
      outputs: ["scores", "logits", "score_map", "placement"] + features.map(\.name))
    try part.addClassification(features)
    return try part.file()
  }

  private mutating func addClassification(_ features: [Feature]) throws {
    lowering.input(image, "image")
    try lowering.output(try graph.value(named: "scores"), "scores")
    try lowering.output(try pooledScore(), "logits")
    try lowering.output(try graph.value(named: "cls_score"), "score_map")
    let ones = [Float](repeating: 1, count: description.classes)
    lowering.give(seeds, as: lowering.result.constant(ones, [1, description.classes, 1, 1]))
    try lowering.output(placedSeeds, "placement")
    for feature in features {
      switch feature.form {
      case .values: try lowering.output(feature.value, feature.name)
      case .switches: try lowering.outputIndices(feature.value, feature.name)
      case .mask:
        let value = try lowering.name(of: feature.value)
        let mask = lowering.result.isAbove(lowering.result.constant([Float(0)]), value)
        lowering.result.output(feature.name, mask, graph[feature.value].type.shape)
      }
    }
  }

  /// One label pass: "seeds" [1, L, 1, 1] and the outputs of `classification` to "probabilities" [1, 2, S, S].
  static func labelPass(_ model: Model) throws -> ONNXFile {
    var part = try DecoupledNetONNX(model, rows: 1, name: "label-pass", outputs: ["probabilities"])
    try part.addLabelPass()
    return try part.file()
  }

  private mutating func addLabelPass() throws {
    lowering.input(seeds, "seeds")
    let placement = lowering.result.input("placement", graph[placedSeeds].type.shape)
    lowering.give(placedSeeds, as: lowering.result.add("Mul", [try lowering.name(of: seeds), placement]))
    for feature in features {
      switch feature.form {
      // A mask is above 0 where its ReLU is.
      case .values, .mask: lowering.input(feature.value, feature.name)
      case .switches: try lowering.inputIndices(feature.value, feature.name)
      }
    }
    try lowering.output(try graph.value(named: "probabilities"), "probabilities")
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
    lowering.input(image, "image")
    try lowering.output(try graph.value(named: "scores"), "scores")
    let scores = try lowering.name(of: try graph.value(named: "scores"))
    let identified = lowering.result.isAbove(lowering.result.constant([threshold]), scores)
    let value =
      switch description.saliency.seed {
      case .one: identified
      case .score: lowering.result.add("Mul", [scores, identified])
      case .raw: lowering.result.add("Mul", [try lowering.name(of: try pooledScore()), identified])
      }
    // Row 0 is the pass of all classes, the others have one class each.
    let selection = lowering.result.highest(passes, of: scores, classes: classes)
    let own = lowering.result.add("Mul", [selection, value])
    let rows = lowering.result.add("Concat", [value, own], [("axis", .integer(0))])
    let shape = lowering.result.constant([passes + 1, classes, 1, 1])
    lowering.give(seeds, as: lowering.result.add("Reshape", [rows, shape]))
    let maps = lowering.result.scoreMaps(
      ofPasses: try lowering.name(of: try graph.value(named: "probabilities")),
      shown: lowering.result.add("Mul", [selection, identified]),
      passes: passes, classes: classes, size: size)
    lowering.result.output("score_maps", maps, [1, classes + 1, size, size])
    lowering.result.outputLabelMap(of: maps, size: [size, size])
  }
}

// MARK: What a label pass needs of the classification network

extension DecoupledNetONNX {
  /// A value that goes from one file to the other.
  fileprivate struct Feature {
    enum Form {
      case values
      /// ONNX's indices of a pool.
      case switches
      /// 1 where a ReLU's value is above 0: all that its gradient asks.
      case mask
    }
    let value: ValueID
    let form: Form
    let name: String
  }

  /// Without where the seeds enter the score map: that is a file's "placement".
  private var features: [Feature] {
    var (ofImage, ofRows): (Set<ValueID>, Set<ValueID>) = ([image], [placedSeeds, rowToImage])
    var readers: [ValueID: [Node]] = [:]
    for node in graph.nodes where !node.outputs.contains(placedSeeds) {
      let inputs = node.inputs.compactMap { $0 }
      if inputs.contains(where: ofRows.contains) {
        for input in inputs where ofImage.contains(input) && !ofRows.contains(input) {
          readers[input, default: []].append(node)
        }
        ofRows.formUnion(node.outputs)
      } else if inputs.contains(where: ofImage.contains) {
        ofImage.formUnion(node.outputs)
      }
    }
    let found = readers.sorted { $0.key.index < $1.key.index }.map { feature($0.key, readers: $0.value) }
    return found.filter { $0.form != .switches } + found.filter { $0.form == .switches }
  }

  private func feature(_ value: ValueID, readers: [Node]) -> Feature {
    let name = graph[value].name
    func renamed(_ name: String, _ prefix: String, _ replacement: String) -> String {
      name.hasPrefix(prefix) ? replacement + name.dropFirst(prefix.count) : "\(name)_\(replacement)"
    }
    if case .result(let pool, 1) = graph[value].role, graph.nodes[pool].operation is MaxPool {
      return Feature(value: value, form: .switches, name: renamed(graph.nodes[pool].name, "pool", "switch"))
    }
    if readers.allSatisfy({ $0.operation is ReluGradient }) {
      return Feature(value: value, form: .mask, name: renamed(name, "relu", "mask"))
    }
    return Feature(value: value, form: .values, name: name)
  }
}
