import DecoupledBase
import DecoupledVision
import Glibc

/// Changes to weights before phase 1, for trunks that were trained for something else.
public struct StartingPoint: SettingGroup {
  public var identity: [String] = []
  public var scale: [String: Double] = [:]
  public var priorBias = false

  public static let groupName = "the starting point"
  public static let settings: [Setting<Self>] = [
    .value(
      "identity", \.identity, "a list of layers",
      "Layers that begin as the identity: the kernel's centre passes channel c on to channel c."),
    .value(
      "scale", \.scale, "numbers by layer",
      "Factors by which a layer's weights and biases are multiplied, to bring activations to a scale that trains."),
    .flag(
      "prior_bias", \.priorBias,
      "The biases of the score layer begin at log(p / (1 - p)), p being the share of training images with the class."),
  ]

  public init() {}

  /// Applies the changes to weights of the classification network that a file gave or that are drawn first.
  /// - Throws: when a layer is not there, or cannot be an identity.
  public func apply(to model: Model, dataset: Dataset, seed: UInt64) throws {
    try model.fill(.classification, seed: seed)
    for layer in identity { try Self.makeIdentity(layer, model) }
    for (layer, factor) in scale.sorted(by: { $0.key < $1.key }) {
      for part in ["weight", "bias"] {
        try Self.replace("\(layer).\(part)", model) { for index in $0.indices { $0[index] *= Float(factor) } }
      }
    }
    guard priorBias else { return }
    let labels = dataset.items.compactMap(\.imageLabels)
    guard let scoreBias = try model.description.parameters([.score]).first(where: { $0.role == .bias }) else { return }
    try Self.replace(scoreBias.name, model) { bias in
      for (index, name) in model.classNames.enumerated() {
        guard let place = dataset.classes.names.firstIndex(of: name), !labels.isEmpty else { continue }
        // Half an image more on each side keeps a class that all or no images show finite.
        let share = (Double(labels.count { $0[place] }) + 0.5) / (Double(labels.count) + 1)
        bias[index] = Float(log(share / (1 - share)))
      }
    }
  }

  private static func makeIdentity(_ layer: String, _ model: Model) throws {
    let shape = model.parameters["\(layer).weight"]?.shape ?? []
    guard shape.count == 4, shape[0] == shape[1], shape[2] % 2 == 1, shape[3] % 2 == 1 else {
      throw EngineError(
        .invalidArgument,
        "The layer '\(layer)' of shape \(shape) cannot begin as the identity: it needs as many inputs as outputs.")
    }
    try replace("\(layer).weight", model) { weights in
      weights.update(repeating: 0)
      let taps = shape[2] * shape[3]
      for channel in 0..<shape[0] { weights[(channel * shape[1] + channel) * taps + taps / 2] = 1 }
    }
    try replace("\(layer).bias", model) { $0.update(repeating: 0) }
  }

  private static func replace(_ name: String, _ model: Model, _ body: (UnsafeMutableBufferPointer<Float>) -> Void)
    throws
  {
    guard let tensor = model.parameters[name] else {
      throw EngineError(.notFound, "The classification network has no weights '\(name)'.")
    }
    let own = try tensor.copy()
    body(try own.elements(Float.self))
    model.parameters[name] = own
  }
}
