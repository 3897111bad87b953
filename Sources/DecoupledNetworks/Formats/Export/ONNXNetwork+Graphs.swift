import DecoupledBase
import DecoupledCore
import DecoupledVision

extension ONNXNetwork {
  /// Image to scores, with everything that a label pass needs as further outputs.
  static func classification(_ model: Model) throws -> ProtobufMessage {
    var network = ONNXNetwork(model, name: "classification")
    let features = try network.classificationPart()
    let (classes, n) = (model.description.classes, model.description.scoreMapSize)
    for name in ["scores", "logits"] { network.graph.output(name, [1, classes]) }
    network.graph.output("score_map", [1, classes, n, n])
    for (name, shape, isInteger) in network.featureShapes(features) {
      network.graph.output(name, shape, isInteger ? .int64 : .float)
    }
    try network.describe()
    return network.graph.message()
  }

  /// One label pass: "seeds" [1, L, 1, 1] and the outputs of `classification` to "probabilities" [1, 2, S, S].
  static func labelPass(_ model: Model) throws -> ProtobufMessage {
    var network = ONNXNetwork(model, name: "label-pass")
    let description = model.description
    let seeds = network.graph.input("seeds", [1, description.classes, 1, 1])
    let features = Features(
      pool: "pool\(description.stages)", switches: (1...description.stages).map { "switch\($0)" }, mask6: "mask6",
      mask7: "mask7", placement: "placement")
    for (name, shape, isInteger) in network.featureShapes(features) {
      _ = network.graph.input(name, shape, isInteger ? .int64 : .float)
    }
    _ = try network.labelPassPart(features, seeds: seeds, rows: 1)
    network.graph.output("probabilities", [1, 2, description.inputSize, description.inputSize])
    try network.describe()
    return network.graph.message()
  }

  /// The whole prediction: image to "scores" [1, L], "score_maps" [1, L + 1, S, S] (background first, normalised to sum 1) and
  /// "label_map" int64 [1, S, S].
  /// - Parameter labelPasses: K classes with the highest scores are segmented, if they are identified.
  static func prediction(_ model: Model, labelPasses: Int, threshold: Float) throws -> ProtobufMessage {
    var network = ONNXNetwork(model, name: "prediction")
    let features = try network.classificationPart()
    let (classes, size) = (model.description.classes, model.description.inputSize)
    let bound = network.graph.constant([threshold], [])
    let above = network.graph.add("Greater", ["scores", bound])
    let identified = network.graph.add("Cast", [above], [("to", .integer(1))])
    let selection = network.selection(labelPasses)
    let value: String
    switch model.description.saliency.seed {
    case .one: value = identified
    case .score: value = network.graph.add("Mul", ["scores", identified])
    case .raw: value = network.graph.add("Mul", ["logits", identified])
    }
    // Row 0 is the pass of all classes, the others have one class each.
    let own = network.graph.add("Mul", [selection, value])
    let rows = network.graph.add("Concat", [value, own], [("axis", .integer(0))])
    let shape = network.graph.constant([labelPasses + 1, classes, 1, 1])
    let seeds = network.graph.add("Reshape", [rows, shape])
    let probabilities = try network.labelPassPart(features, seeds: seeds, rows: labelPasses + 1)
    network.joinMaps(probabilities, selection: selection, identified: identified, passes: labelPasses)
    network.graph.output("scores", [1, classes])
    network.graph.output("score_maps", [1, classes + 1, size, size])
    network.graph.output("label_map", [1, size, size], .int64)
    try network.describe()
    network.graph.note("label_passes", "\(labelPasses)")
    network.graph.note("threshold", "\(threshold)")
    return network.graph.message()
  }

  /// One row per label pass, 1 for its class: [K, L].
  private mutating func selection(_ passes: Int) -> String {
    let classes = description.classes
    if passes == classes {
      let unit = (0..<(classes * classes)).map { Float($0 / classes == $0 % classes ? 1 : 0) }
      return graph.constant(unit, [classes, classes])
    }
    graph.add(
      "TopK", ["scores", graph.constant([passes])], to: ["best_scores", "best_classes"], [("axis", .integer(1))])
    let order = graph.add("Reshape", ["best_classes", graph.constant([passes])])
    return graph.add("OneHot", [order, graph.constant([classes], []), graph.constant([Float(0), 1], [2])])
  }

  /// Steps 4 to 7 of the released procedure: background of the pass of all classes, foreground of each class's own pass, ties
  /// where nothing is above 0, division by the sum.
  private mutating func joinMaps(_ probabilities: String, selection: String, identified: String, passes: Int) {
    let (classes, size) = (description.classes, description.inputSize)
    let axes = graph.constant([0, 1])
    let background = graph.add(
      "Slice", [probabilities, graph.constant([0, 0]), graph.constant([1, 1]), axes])
    let foregrounds = graph.add(
      "Slice", [probabilities, graph.constant([1, 1]), graph.constant([passes + 1, 2]), axes])
    let flat = graph.add("Reshape", [foregrounds, graph.constant([passes, size * size])])
    let shown = graph.add("Mul", [selection, identified])
    let placed = graph.add("MatMul", [graph.add("Transpose", [shown], [("perm", .integers([1, 0]))]), flat])
    let maps = graph.add("Reshape", [placed, graph.constant([1, classes, size, size])])
    let all = graph.add("Concat", [background, maps], [("axis", .integer(1))])
    let channel = graph.constant([1])
    let sum = graph.add("ReduceSum", [all, channel], [("keepdims", .integer(1))])
    let zero = graph.constant([Float(0)], [])
    let empty = graph.add("Cast", [graph.add("LessOrEqual", [sum, zero])], [("to", .integer(1))])
    let perClass = graph.add("ReduceSum", [shown, graph.constant([0])], [("keepdims", .integer(1))])
    let column = graph.add("Reshape", [perClass, graph.constant([1, classes, 1, 1])])
    let taking = graph.add("Concat", [graph.constant([Float(1)], [1, 1, 1, 1]), column], [("axis", .integer(1))])
    let tied = graph.add("Add", [all, graph.add("Mul", [empty, taking])])
    let whole = graph.add("ReduceSum", [tied, channel], [("keepdims", .integer(1))])
    graph.add("Div", [tied, whole], to: ["score_maps"])
    graph.add("ArgMax", ["score_maps"], to: ["label_map"], [("axis", .integer(1)), ("keepdims", .integer(0))])
  }

  /// Names and shapes of what goes from the classification graph to the label pass; whether they hold integers.
  private func featureShapes(_ features: Features) -> [(String, [Int], isInteger: Bool)] {
    let (size, stages, n) = (description.inputSize, description.stages, description.scoreMapSize)
    let channels = description.stageChannels
    let last = [1, channels[stages - 1], size >> stages, size >> stages]
    var shapes: [(String, [Int], isInteger: Bool)] = [
      (features.placement, [1, description.classes, n, n], false), (features.pool, last, false),
      (features.mask6, [1, description.fcWidth, n, n], false), (features.mask7, [1, description.fcWidth, n, n], false),
    ]
    for (stage, name) in features.switches.enumerated() {
      shapes.append((name, [1, channels[stage], size >> (stage + 1), size >> (stage + 1)], true))
    }
    return shapes
  }

  /// What a program needs beside the graph: how the input is made, names and colours of the labels.
  private mutating func describe() throws {
    let preprocessing = description.preprocessing
    let colours = (0...description.classes).map { label in
      let colour = Palette.voc[UInt8(label)]
      return [Int(colour.red), Int(colour.green), Int(colour.blue)]
    }
    graph.note("input_size", "\(description.inputSize)")
    graph.note("channel_order", preprocessing.channelOrder.rawValue)
    graph.note("scale", "\(preprocessing.scale)")
    graph.note("mean", try JSONText.of(preprocessing.mean))
    graph.note("deviation", try JSONText.of(preprocessing.deviation))
    graph.note("classes", try JSONText.of(model.classNames))
    graph.note("palette", try JSONText.of(colours))
    graph.note("saliency_placement", description.saliency.placement.rawValue)
    graph.note("saliency_seed", description.saliency.seed.rawValue)
    graph.note("network", try JSONText.of(description))
  }
}
