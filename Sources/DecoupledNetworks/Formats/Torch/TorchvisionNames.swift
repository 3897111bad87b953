import DecoupledCore

/// The names that torchvision gives the layers of a VGG network: their places in a sequence that counts activations, pools and
/// normalisations too.
struct TorchvisionNames {
  /// Convolutions with their places, finest first.
  let convolutions: [(layer: String, position: Int)]
  /// Whether a batch normalisation follows each convolution, as in vgg16_bn.
  let isNormalized: Bool

  /// fc6 and fc7 by their places in the classifier, and the class scores, whose number of rows is the number of classes.
  static let classifier = [(layer: "fc6", position: 0), (layer: "fc7", position: 3), (layer: "cls_score", position: 6)]

  init(_ description: NetworkDescription, isNormalized: Bool) {
    self.isNormalized = isNormalized
    var convolutions: [(layer: String, position: Int)] = []
    var position = 0
    for (stage, count) in description.stageConvolutions.enumerated() {
      for number in 1...max(1, count) {
        convolutions.append(("conv\(stage + 1)_\(number)", position))
        position += isNormalized ? 3 : 2
      }
      position += 1
    }
    self.convolutions = convolutions
  }

  /// Our name by torchvision's.
  var aliases: [String: String] {
    var names: [String: String] = [:]
    for part in ["weight", "bias"] {
      for (layer, position) in convolutions { names["features.\(position).\(part)"] = "\(layer).\(part)" }
      for (layer, position) in Self.classifier { names["classifier.\(position).\(part)"] = "\(layer).\(part)" }
    }
    return names
  }

  /// torchvision adds this to the variance.
  static let epsilon = 1e-5
}

extension ResolvedWeights {
  /// Tensors named as ours or as torchvision's, alone or behind the prefixes that frameworks put in front.
  static func byName(_ tensors: [StoredTensor], _ description: NetworkDescription) throws -> ResolvedWeights {
    var resolved = ResolvedWeights()
    var byPlainName: [String: StoredTensor] = [:]
    for tensor in tensors { byPlainName[plain(tensor.name)] = tensor }
    let isNormalized = byPlainName["features.1.running_mean"] != nil
    let names = TorchvisionNames(description, isNormalized: isNormalized)
    let folded = isNormalized ? try resolved.fold(names, byPlainName) : []
    let aliases = names.aliases
    for tensor in tensors where !folded.contains(plain(tensor.name)) {
      let plain = plain(tensor.name)
      resolved.add(tensor, aliases[plain] ?? plain, isForeign: aliases[plain] != nil)
    }
    return resolved
  }

  private static func plain(_ name: String) -> String {
    for prefix in ["weights.", "module."] where name.hasPrefix(prefix) { return String(name.dropFirst(prefix.count)) }
    return name
  }

  /// Puts the normalisations behind convolutions into their weights: exact in inference. Returns the names that were used up.
  private mutating func fold(_ names: TorchvisionNames, _ tensors: [String: StoredTensor]) throws -> Set<String> {
    var used = Set<String>()
    for (layer, position) in names.convolutions {
      let places =
        ["weight", "bias"].map { "features.\(position).\($0)" }
        + ["weight", "bias", "running_mean", "running_var"].map { "features.\(position + 1).\($0)" }
      let parts = places.compactMap { tensors[$0] }
      guard parts.count == 6 else { continue }
      let channels = parts[1].elementCount
      guard channels > 0, parts[0].elementCount % channels == 0,
        parts.dropFirst().allSatisfy({ $0.elementCount == channels })
      else { continue }
      let weight = try parts[0].floats().copy()
      let values = try parts.dropFirst().map { try $0.floats().array(Float.self) }
      var bias = [Float](repeating: 0, count: channels)
      let weights = try weight.elements(Float.self)
      let width = weights.count / channels
      for channel in 0..<channels {
        let factor = Double(values[1][channel]) / (Double(values[4][channel]) + TorchvisionNames.epsilon).squareRoot()
        for index in (channel * width)..<((channel + 1) * width) {
          weights[index] = Float(Double(weights[index]) * factor)
        }
        bias[channel] = Float(
          (Double(values[0][channel]) - Double(values[3][channel])) * factor + Double(values[2][channel]))
      }
      add(StoredTensor("features.\(position).weight (folded)", weight), "\(layer).weight")
      add(StoredTensor("features.\(position).bias (folded)", try Tensor(bias, shape: [channels])), "\(layer).bias")
      used.formUnion(places)
      let counter = "features.\(position + 1).num_batches_tracked"
      if tensors[counter] != nil { used.insert(counter) }
    }
    if !used.isEmpty { notes.append("batch normalisations were folded into the convolutions before them") }
    return used
  }
}
