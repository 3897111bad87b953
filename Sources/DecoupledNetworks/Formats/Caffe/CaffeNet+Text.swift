import DecoupledBase

extension CaffeNet {
  /// Reads a `.prototxt`: the layers with their shapes, without weights.
  /// - Throws: `format` naming the file and the line.
  public init(prototxt path: String) throws {
    let message = try PrototxtParser.parse(try FileAccess.read(path), path: path)
    self.init(path: path)
    name = message.scalars("name").first ?? ""
    let layers = message.messages("layers") + message.messages("layer")
    guard !layers.isEmpty else { throw EngineError(.format, "'\(path)' is no network: it has no layers.") }
    self.layers = try layers.map { try Self.layer($0, path) }
    inputs = message.scalars("input").map { ($0, []) }
    pair(
      inputDimensions: try message.scalars("input_dim").map { try Self.size($0, "input_dim", path) },
      shapes: try message.messages("input_shape").map { try Self.dimensions($0, path) })
  }

  private static func layer(_ message: PrototxtParser.Message, _ path: String) throws -> Layer {
    var layer = Layer()
    layer.name = message.scalars("name").first ?? ""
    layer.type = type(word: message.scalars("type").first ?? "")
    layer.bottoms = message.scalars("bottom")
    layer.tops = message.scalars("top")
    func number(_ parameter: String, _ name: String) throws -> Int? {
      guard let text = message.messages(parameter).flatMap({ $0.scalars(name) }).first else { return nil }
      return try size(text, "\(layer.name): \(name)", path)
    }
    layer.outputs =
      try number("convolution_param", "num_output") ?? number("inner_product_param", "num_output")
    layer.kernel = try number("convolution_param", "kernel_size") ?? number("pooling_param", "kernel_size")
    func word(_ parameter: String, _ name: String, or absent: String) -> String? {
      let messages = message.messages(parameter)
      return messages.isEmpty ? nil : messages.flatMap { $0.scalars(name) }.first ?? absent
    }
    layer.pooling = word("pooling_param", "pool", or: "MAX").flatMap(Pooling.init)
    layer.unpooling = word("unpooling_param", "unpool", or: "MAX").flatMap(Pooling.init)
    layer.normalization = word("bn_param", "bn_mode", or: "LEARN").flatMap(NormalizationMode.init)
    if layer.type == "BN", layer.normalization == nil { layer.normalization = .learn }
    let transform = message.messages("transform_param")
    layer.means = transform.flatMap { $0.scalars("mean_value") }.prefix(3).compactMap(Float.init)
    layer.scale = transform.flatMap { $0.scalars("scale") }.first.flatMap(Float.init)
    layer.inputShape =
      try message.messages("input_param").flatMap { $0.messages("shape") }.first.map {
        try dimensions($0, path)
      } ?? []
    return layer
  }

  private static func dimensions(_ message: PrototxtParser.Message, _ path: String) throws -> [Int] {
    try message.scalars("dim").prefix(32).map { try size($0, "dim", path) }
  }

  private static func size(_ text: String, _ what: String, _ path: String) throws -> Int {
    guard let value = Int(text), value >= 0, value <= Int32.max else {
      throw EngineError(.format, "'\(path)': \(what) is '\(text)', which is no size.")
    }
    return value
  }
}
