import DecoupledBase
import DecoupledVision

extension CaffeNet {
  /// Names of the released networks' layers where they are not ours with '-' for '_'.
  static let classScore = "cls-score-voc"
  static let segmentationScore = "seg-score-voc"

  /// Our name of a layer.
  static func ourName(_ layer: String) -> String {
    switch layer {
    case classScore: "cls_score"
    case segmentationScore: "seg_score"
    default: String(layer.map { $0 == "-" ? "_" : $0 })
    }
  }

  /// The network's description, from its layers: a DecoupledNet, or its classification network alone.
  /// - Throws: `unsupported` naming the layer that such a network has and this one lacks.
  public func description() throws -> NetworkDescription {
    func lacks(_ layer: String) -> EngineError {
      EngineError(
        .unsupported,
        "'\(path)' is no DecoupledNet: the layer '\(layer)' is missing or has no size; say with --description which network its weights are for."
      )
    }
    func outputs(_ name: String) throws -> Int {
      guard let layer = layer(name), let count = layer.outputs ?? Self.outputs(layer), count > 0 else {
        throw lacks(name)
      }
      return count
    }
    func convolutions(_ prefix: String, _ stage: Int) -> Int {
      (1...16).prefix { layer("\(prefix)\(stage)_\($0)") != nil }.count
    }
    var description = NetworkDescription()
    description.name = name.isEmpty ? "caffe" : name
    let stages = (1...8).prefix { layer("conv\($0)_1") != nil }.count
    guard stages > 0 else { throw lacks("conv1_1") }
    description.stageConvolutions = (1...stages).map { convolutions("conv", $0) }
    description.stageChannels = try (1...stages).map { try outputs("conv\($0)_1") }
    description.fcWidth = try outputs("fc6")
    description.classes = try outputs(Self.classScore)
    guard let fc6 = layer("fc6"), let kernel = Self.kernel(fc6, channels: description.stageChannels[stages - 1]) else {
      throw lacks("fc6")
    }
    description.fc6Kernel = kernel
    description.inputSize = try inputSize(stages: stages, fc6Kernel: kernel)
    description.decoderConvolutions = description.stageConvolutions
    if layer(Self.segmentationScore) != nil {
      description.segmentationFcWidth = try outputs("fc6-seg")
      description.decoderConvolutions = try (1...stages).map { stage in
        guard case let count = convolutions("deconv", stage), count > 0 else { throw lacks("deconv\(stage)_1") }
        return count
      }
    }
    // The layer is called avg-unpool in every released network, also where it puts the score at the place of the maximum.
    description.saliency = layer("avg-unpool")?.unpooling == .average ? .fpBp : .released
    try description.validate()
    return description
  }

  /// Class names of a released network: those of VOC where the numbers agree.
  public func classNames(_ description: NetworkDescription) -> [String] {
    description.classes == ClassList.voc.count
      ? ClassList.voc.names : (1...max(1, description.classes)).map { "class\($0)" }
  }

  /// How images were fed, when the network says so: it is one of the authors', or a data layer subtracts a mean.
  var statedPreprocessing: Preprocessing? {
    if layer(Self.segmentationScore) != nil || layer("fc6-bp") != nil { return .caffe }
    guard let data = layers.first(where: { $0.means.count == 3 }) else { return nil }
    let scale = data.scale ?? 1
    return try? Preprocessing(
      channelOrder: .bgr, mean: data.means, deviation: [Float](repeating: scale > 0 ? 1 / scale : 1, count: 3))
  }

  private static func outputs(_ layer: Layer) -> Int? {
    guard let blob = layer.blobs.first else { return nil }
    let shape = Array(blob.shape.drop { $0 == 1 })
    if layer.type == "Deconvolution" { return blob.shape.count == 4 ? blob.shape[1] : nil }
    return shape.first
  }

  private static func kernel(_ layer: Layer, channels: Int) -> Int? {
    if let kernel = layer.kernel { return kernel }
    guard let blob = layer.blobs.first, let outputs = outputs(layer), outputs > 0, channels > 0 else { return nil }
    // A fully connected layer over the whole map: its inputs are channels x kernel x kernel.
    let area = blob.elementCount / outputs / channels
    return (1...256).first { $0 * $0 == area }
  }

  /// Height and width of the input: stated, or what the pool over the whole score map implies.
  private func inputSize(stages: Int, fc6Kernel: Int) throws -> Int {
    if let shape = inputs.first(where: { $0.shape.count == 4 && $0.shape[1] == 3 })?.shape, shape[2] > 0 {
      return shape[2]
    }
    let score = layer(Self.classScore)?.tops.first
    if let score, let pool = layers.first(where: { $0.pooling != nil && $0.bottoms.first == score }),
      let size = pool.kernel, size <= 4096
    {
      return (size + fc6Kernel - 1) << stages
    }
    throw EngineError(
      .unsupported,
      "'\(path)' does not say how large its input is; give its deploy prototxt or a network description with --description."
    )
  }
}
