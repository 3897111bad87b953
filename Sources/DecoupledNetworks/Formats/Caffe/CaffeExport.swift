import DecoupledBase
import DecoupledCore

/// A model as a `.caffemodel` of the form the released networks have: V1 layers, their names, inference BN, back-pass copies.
struct CaffeExport {
  private let model: Model
  private var net = ProtobufMessage()

  /// Numbers of the layer types in the authors' Caffe.
  private enum LayerType: Int {
    case concat = 3
    case convolution = 4
    case pooling = 17
    case relu = 18
    case sigmoid = 19
    case eltwise = 25
    case deconvolution = 39
    case unpooling = 42
    case normalization = 43
  }

  static func message(_ model: Model) throws -> ProtobufMessage {
    var export = CaffeExport(model: model)
    try export.build()
    return export.net
  }

  private init(model: Model) { self.model = model }

  /// The released networks' name of one of our layers.
  private static func layerName(_ own: String) -> String {
    switch own {
    case "cls_score": return CaffeNet.classScore
    case "seg_score": return CaffeNet.segmentationScore
    default:
      // conv1_1, deconv1_1 and debn1_1 keep theirs.
      let isNumbered = ["conv", "deconv", "debn"].contains {
        own.hasPrefix($0) && own.dropFirst($0.count).first?.isNumber == true
      }
      return isNumbered ? own : String(own.map { $0 == "_" ? "-" : $0 })
    }
  }

  private func weights(_ name: String) throws -> Tensor {
    guard let tensor = model.parameters[name] else {
      throw EngineError(.notFound, "The model has no weights '\(name)'.")
    }
    return tensor
  }

  private mutating func layer(
    _ name: String, _ type: LayerType, from bottoms: [String], to tops: [String],
    _ extra: (inout ProtobufMessage) -> Void = { _ in }
  ) {
    net.message(2) { layer in
      for bottom in bottoms { layer.text(2, bottom) }
      for top in tops { layer.text(3, top) }
      layer.text(4, name)
      layer.integer(5, type.rawValue)
      extra(&layer)
    }
  }

  private static func blob(_ layer: inout ProtobufMessage, _ tensor: Tensor) {
    layer.message(6) { blob in
      let shape = [Int](repeating: 1, count: max(0, 4 - tensor.shape.count)) + tensor.shape
      for (number, size) in shape.enumerated() { blob.integer(number + 1, size) }
      blob.floats(5, StoredTensor("", tensor))
    }
  }

  /// A (transposed) convolution with weights of ours, or with given ones and no bias.
  private mutating func convolution(
    _ own: String, from bottom: String, to top: String, transposed: Bool = false, pad: Int = 0, name: String? = nil,
    weight: Tensor? = nil
  ) throws {
    let weight = try weight ?? weights("\(own).weight")
    let outputs = weight.shape[transposed ? 1 : 0]
    let bias = name == nil ? try weights("\(own).bias") : try Tensor(zeros: [outputs])
    layer(name ?? Self.layerName(own), transposed ? .deconvolution : .convolution, from: [bottom], to: [top]) { layer in
      Self.blob(&layer, weight)
      Self.blob(&layer, bias)
      layer.message(10) { parameters in
        parameters.integer(1, outputs)
        if pad > 0 { parameters.integer(3, pad) }
        parameters.integer(4, weight.shape[2])
      }
    }
  }

  /// Scale and shift that hold the statistics: gamma / sqrt(var + eps) and beta - mean * scale.
  private mutating func normalization(_ own: String, from bottom: String, to top: String) throws {
    let parts = try ["weight", "bias", "running_mean", "running_var"].map {
      try weights("\(own).\($0)").asFloat32().array(Float.self).map(Double.init)
    }
    let epsilon = model.description.batchNormalizationEpsilon
    let channels = parts[0].count
    let scale = (0..<channels).map { parts[0][$0] / (parts[3][$0] + epsilon).squareRoot() }
    let shift = (0..<channels).map { parts[1][$0] - parts[2][$0] * scale[$0] }
    let blobs = try [scale, shift].map { try Tensor($0.map { Float($0) }, shape: [1, channels, 1, 1]) }
    layer(Self.layerName(own), .normalization, from: [bottom], to: [top]) { layer in
      for blob in blobs { Self.blob(&layer, blob) }
      layer.message(45) { $0.integer(3, 1) }
    }
  }

  private mutating func pooling(
    _ name: String, from bottom: String, to tops: [String], kernel: Int, stride: Int, average: Bool = false
  ) {
    layer(name, .pooling, from: [bottom], to: tops) { layer in
      layer.message(19) { parameters in
        parameters.integer(1, average ? 1 : 0)
        parameters.integer(2, kernel)
        parameters.integer(3, stride)
      }
    }
  }

  private mutating func unpooling(
    _ name: String, from bottoms: [String], to top: String, kernel: Int, stride: Int, size: Int, average: Bool = false
  ) {
    layer(name, .unpooling, from: bottoms, to: [top]) { layer in
      layer.message(44) { parameters in
        parameters.integer(1, average ? 1 : 0)
        parameters.integer(2, kernel)
        parameters.integer(3, stride)
        parameters.integer(12, size)
      }
    }
  }

  private mutating func build() throws {
    let description = model.description
    net.text(1, description.name)
    net.text(3, "data")
    net.text(3, "cls-score-masked")
    net.integers(4, [1, 3, description.inputSize, description.inputSize, 1, description.classes, 1, 1])
    try classification()
    try backPass()
    try segmentation()
  }

  private mutating func classification() throws {
    let description = model.description
    var x = "data"
    for stage in 1...description.stages {
      for number in 1...description.stageConvolutions[stage - 1] {
        let name = "conv\(stage)_\(number)"
        try convolution(name, from: x, to: name, pad: 1)
        layer("relu\(stage)_\(number)", .relu, from: [name], to: [name])
        x = name
      }
      pooling("pool\(stage)", from: x, to: ["pool\(stage)", "pool\(stage)_mask"], kernel: 2, stride: 2)
      x = "pool\(stage)"
    }
    try convolution("fc6", from: x, to: "fc6")
    layer("relu6", .relu, from: ["fc6"], to: ["fc6", "relu6-mask"])
    try convolution("fc7", from: "fc6", to: "fc7")
    layer("relu7", .relu, from: ["fc7"], to: ["fc7", "relu7-mask"])
    try convolution("cls_score", from: "fc7", to: "cls-score")
    let size = description.scoreMapSize
    // Both pools and both sigmoids bear the same name in the released networks.
    pooling("avg-pool", from: "cls-score", to: ["cls-score-avg-pooled"], kernel: size, stride: 1, average: true)
    layer("cls-score-sigmoid", .sigmoid, from: ["cls-score-avg-pooled"], to: ["cls-score-avg-sigmoid"])
    pooling("avg-pool", from: "cls-score", to: ["cls-score-pooled", "score-pool-mask"], kernel: size, stride: 1)
    layer("cls-score-sigmoid", .sigmoid, from: ["cls-score-pooled"], to: ["cls-score-sigmoid"])
  }

  private mutating func backPass() throws {
    let description = model.description
    let (size, pool) = (description.scoreMapSize, "pool\(description.stages)")
    let isAverage = description.saliency.placement == .average
    unpooling(
      "avg-unpool", from: ["cls-score-masked"] + (isAverage ? [] : ["score-pool-mask"]), to: "cls-score-unpooled",
      kernel: size, stride: 1, size: size, average: isAverage)
    let score = try weights("cls_score.weight").asFloat32()
    let (rows, columns) = (score.shape[0], score.shape[1])
    let values = try score.array(Float.self)
    let transposed = (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
    try convolution(
      "cls_score", from: "cls-score-unpooled", to: "fc7-bp", name: "\(CaffeNet.classScore)-bp",
      weight: try Tensor(transposed, shape: [columns, rows, 1, 1]))
    layer("relu7-mask", .eltwise, from: ["fc7-bp", "relu7-mask"], to: ["fc7-bp"]) {
      $0.message(24) { $0.integer(1, 0) }
    }
    try convolution("fc7", from: "fc7-bp", to: "fc6-bp", transposed: true, name: "fc7-bp")
    layer("relu6-mask", .eltwise, from: ["fc6-bp", "relu6-mask"], to: ["fc6-bp"]) {
      $0.message(24) { $0.integer(1, 0) }
    }
    try convolution("fc6", from: "fc6-bp", to: "\(pool)-bp", transposed: true, name: "fc6-bp")
  }

  private mutating func segmentation() throws {
    let description = model.description
    let pool = "pool\(description.stages)"
    try normalization("\(pool)_bn", from: pool, to: "\(pool)-bn")
    try normalization("\(pool)_bp_bn", from: "\(pool)-bp", to: "\(pool)-bp-bn")
    layer("\(pool)-concat", .concat, from: ["\(pool)-bn", "\(pool)-bp-bn"], to: ["\(pool)-concat"])
    var x = "\(pool)-concat"
    func block(_ own: String, _ bn: String, _ relu: String, transposed: Bool, pad: Int) throws {
      let name = Self.layerName(own)
      try convolution(own, from: x, to: name, transposed: transposed, pad: pad)
      try normalization(bn, from: name, to: name)
      layer(relu, .relu, from: [name], to: [name])
      x = name
    }
    try block("fc6_seg", "bnfc6_seg", "relu6-seg", transposed: false, pad: 0)
    try block("fc7_seg", "bnfc7_seg", "relu7-seg", transposed: false, pad: 0)
    try block("fc6_deconv", "fc6_deconv_bn", "fc6-deconv-relu", transposed: true, pad: 0)
    for stage in (1...description.stages).reversed() {
      unpooling(
        "unpool\(stage)", from: [x, "pool\(stage)_mask"], to: "unpool\(stage)", kernel: 2, stride: 2,
        size: description.inputSize >> (stage - 1))
      x = "unpool\(stage)"
      for number in 1...description.decoderConvolutions[stage - 1] {
        let suffix = "\(stage)_\(number)"
        try block("deconv\(suffix)", "debn\(suffix)", "derelu\(suffix)", transposed: true, pad: 1)
      }
    }
    try convolution("seg_score", from: x, to: "seg-score")
  }
}
