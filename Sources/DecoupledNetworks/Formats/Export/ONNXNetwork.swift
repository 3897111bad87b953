import DecoupledCore

/// The parts of a DecoupledNet as ONNX operators; batches of one image.
struct ONNXNetwork {
  let model: Model
  var graph: ONNXGraph

  /// What label passes need of the classification network.
  struct Features {
    let pool: String
    /// MaxPool's indices, finest first.
    let switches: [String]
    let mask6: String
    let mask7: String
    /// Where the gradient of each class's score enters the score map: [1, L, n, n].
    let placement: String
  }

  var description: NetworkDescription { model.description }

  init(_ model: Model, name: String) {
    self.model = model
    graph = ONNXGraph(name: name)
  }

  private mutating func convolution(
    _ layer: String, _ x: String, kernel: Int, pad: Int = 0, transposed: Bool = false, hasBias: Bool = true,
    to result: String? = nil
  ) throws -> String {
    var operands = [x, try graph.parameter("\(layer).weight", of: model)]
    if hasBias { operands.append(try graph.parameter("\(layer).bias", of: model)) }
    return graph.add(
      transposed ? "ConvTranspose" : "Conv", operands, to: result.map { [$0] },
      [("kernel_shape", .integers([kernel, kernel])), ("pads", .integers([pad, pad, pad, pad]))])
  }

  private mutating func normalization(_ layer: String, _ x: String) throws -> String {
    let parts = try ["weight", "bias", "running_mean", "running_var"].map {
      try graph.parameter("\(layer).\($0)", of: model)
    }
    return graph.add(
      "BatchNormalization", [x] + parts, [("epsilon", .float(Float(description.batchNormalizationEpsilon)))])
  }

  /// The ReLU's mask: 1 where the value is above 0.
  private mutating func mask(_ x: String, to result: String) -> String {
    let zero = graph.constant([Float(0)], [])
    return graph.add("Cast", [graph.add("Greater", [x, zero])], to: [result], [("to", .integer(1))])
  }

  /// Image to scores. Results are named "scores", "logits", "score_map", "placement", "poolN", "switchN", "mask6", "mask7".
  mutating func classificationPart() throws -> Features {
    let size = description.inputSize
    var x = graph.input("image", [1, 3, size, size])
    var switches: [String] = []
    for stage in 1...description.stages {
      for number in 1...description.stageConvolutions[stage - 1] {
        let name = "conv\(stage)_\(number)"
        x = graph.add("Relu", [try convolution(name, x, kernel: 3, pad: 1, to: name)])
      }
      switches.append("switch\(stage)")
      x = graph.add(
        "MaxPool", [x], to: ["pool\(stage)", "switch\(stage)"],
        [("kernel_shape", .integers([2, 2])), ("strides", .integers([2, 2]))])
    }
    let pool = x
    x = graph.add("Relu", [try convolution("fc6", x, kernel: description.fc6Kernel, to: "fc6")])
    let mask6 = mask(x, to: "mask6")
    x = graph.add("Relu", [try convolution("fc7", x, kernel: 1, to: "fc7")])
    let mask7 = mask(x, to: "mask7")
    x = try convolution("cls_score", x, kernel: 1, to: "score_map")
    let (classes, n) = (description.classes, description.scoreMapSize)
    let average = graph.add("GlobalAveragePool", [x])
    let flat = graph.constant([1, classes])
    let averageLogits = graph.add("Reshape", [average, flat])
    graph.add("Sigmoid", [averageLogits], to: ["scores"])
    let placement: String
    if description.saliency.placement == .max {
      let pooled = graph.add("MaxPool", [x], to: ["score_max", "score_switch"], [("kernel_shape", .integers([n, n]))])
      graph.add("Reshape", [pooled, flat], to: ["logits"])
      let ones = graph.constant([Float](repeating: 1, count: classes), [1, classes, 1, 1])
      placement = graph.add(
        "MaxUnpool", [ones, "score_switch", graph.constant([1, classes, n, n])], to: ["placement"],
        [("kernel_shape", .integers([n, n]))])
    } else {
      graph.add("Identity", [averageLogits], to: ["logits"])
      let share = [Float](repeating: 1 / Float(n * n), count: classes * n * n)
      placement = graph.add("Identity", [graph.constant(share, [1, classes, n, n])], to: ["placement"])
    }
    return Features(pool: pool, switches: switches, mask6: mask6, mask7: mask7, placement: placement)
  }

  /// Seeds [rows, L, 1, 1] to probabilities [rows, 2, S, S].
  mutating func labelPassPart(_ features: Features, seeds: String, rows: Int) throws -> String {
    let (stages, size) = (description.stages, description.inputSize)
    let (pool, kernel) = ("pool\(stages)", description.fc6Kernel)
    var x = graph.add("Mul", [seeds, features.placement])
    // The back pass is the transposed convolution with the forward weights, through the masks of the ReLUs.
    x = try convolution("cls_score", x, kernel: 1, transposed: true, hasBias: false)
    x = graph.add("Mul", [x, features.mask7])
    x = try convolution("fc7", x, kernel: 1, transposed: true, hasBias: false)
    x = graph.add("Mul", [x, features.mask6])
    x = try convolution("fc6", x, kernel: kernel, transposed: true, hasBias: false, to: "\(pool)_bp")
    x = try normalization("\(pool)_bp_bn", x)
    var spatial = try normalization("\(pool)_bn", features.pool)
    if rows > 1 {
      let shape = [rows, description.stageChannels[stages - 1], size >> stages, size >> stages]
      spatial = graph.add("Expand", [spatial, graph.constant(shape)])
    }
    x = graph.add("Concat", [spatial, x], [("axis", .integer(1))])
    for (layer, bn, kernel, transposed) in [
      ("fc6_seg", "bnfc6_seg", kernel, false), ("fc7_seg", "bnfc7_seg", 1, false),
      ("fc6_deconv", "fc6_deconv_bn", kernel, true),
    ] {
      x = graph.add("Relu", [try normalization(bn, try convolution(layer, x, kernel: kernel, transposed: transposed))])
    }
    for stage in (1...stages).reversed() {
      let (channels, side) = (description.stageChannels[stage - 1], size >> (stage - 1))
      var indices = features.switches[stage - 1]
      if rows > 1 {
        // Indices count through the whole batch.
        let starts = graph.constant((0..<rows).map { $0 * channels * side * side }, [rows, 1, 1, 1])
        indices = graph.add("Add", [indices, starts])
      }
      x = graph.add(
        "MaxUnpool", [x, indices, graph.constant([rows, channels, side, side])],
        [("kernel_shape", .integers([2, 2])), ("strides", .integers([2, 2]))])
      for number in 1...description.decoderConvolutions[stage - 1] {
        let suffix = "\(stage)_\(number)"
        let y = try convolution("deconv\(suffix)", x, kernel: 3, pad: 1, transposed: true)
        x = graph.add("Relu", [try normalization("debn\(suffix)", y)])
      }
    }
    x = try convolution("seg_score", x, kernel: 1)
    return graph.add("Softmax", [x], to: ["probabilities"], [("axis", .integer(1))])
  }
}
