import DecoupledBase
import DecoupledCore

/// The blobs of a Caffe network under our names.
enum CaffeWeights {
  /// - Parameter prototxt: the network that the weights are to be read for; it says in which form BN layers are.
  static func resolve(_ net: CaffeNet, prototxt: CaffeNet?) throws -> ResolvedWeights {
    var resolved = ResolvedWeights()
    var seen = Set<String>()
    for layer in net.layers where !layer.blobs.isEmpty {
      guard seen.insert(layer.name).inserted else {
        // Caffe takes the first of a name.
        resolved.unused += layer.blobs.map { "\($0.name) (of a second layer of that name)" }
        continue
      }
      if let original = backPass[layer.name] {
        try drop(layer, copyOf: original, net, &resolved)
      } else if layer.type == "BN" || layer.normalization != nil {
        try normalization(layer, prototxt, net, &resolved)
      } else {
        let name = CaffeNet.ourName(layer.name)
        for (blob, part) in zip(layer.blobs, ["weight", "bias"]) { resolved.add(blob, "\(name).\(part)") }
        resolved.unused += layer.blobs.dropFirst(2).map(\.name)
      }
    }
    return resolved
  }

  /// Layers of the back pass, and the forward ones whose weights they repeat.
  private static let backPass = [
    "\(CaffeNet.classScore)-bp": CaffeNet.classScore, "fc7-bp": "fc7", "fc6-bp": "fc6",
  ]

  /// Our back pass is the gradient of the forward layers, so copies are dropped; a network whose copies differ computes
  /// something else.
  private static func drop(
    _ layer: CaffeNet.Layer, copyOf original: String, _ net: CaffeNet, _ resolved: inout ResolvedWeights
  ) throws {
    guard let forward = net.weights(original)?.blobs.first, let copy = layer.blobs.first else {
      resolved.unused += layer.blobs.map(\.name)
      return
    }
    let same: Bool
    if original == CaffeNet.classScore {
      same = try forward.holdsTransposed(copy)
    } else {
      same = try forward.holdsSame(as: copy)
    }
    guard same else {
      throw EngineError(
        .unsupported,
        "'\(net.path)': the weights of the back-pass layer '\(layer.name)' are not those of '\(original)'; a network whose back pass is not the gradient of its forward pass cannot be represented."
      )
    }
    for bias in layer.blobs.dropFirst() {
      try bias.forEachFloats { values in
        guard values.allSatisfy({ $0 == 0 }) else {
          throw EngineError(
            .unsupported, "'\(net.path)': the back-pass layer '\(layer.name)' has a bias that is not zero.")
        }
      }
    }
    resolved.dropped.append("\(layer.name) (equals \(original))")
  }

  private static func normalization(
    _ layer: CaffeNet.Layer, _ prototxt: CaffeNet?, _ net: CaffeNet, _ resolved: inout ResolvedWeights
  ) throws {
    guard layer.blobs.count == 2 else {
      throw EngineError(
        .format, "'\(net.path)': the BN layer '\(layer.name)' has \(layer.blobs.count) blobs; scale and shift are 2.")
    }
    // The script that makes a network ready for inference overwrites the blobs of one in LEARN mode which gives its mean and
    // variance as further tops, and saves that.
    let isConverted = layer.normalization == .inference || layer.tops.count >= 3
    guard prototxt?.layer(layer.name)?.normalization == .inference || isConverted else {
      throw EngineError(
        .unsupported,
        "'\(net.path)': the BN layer '\(layer.name)' is in LEARN mode, so its statistics are not in the file; convert the network for inference first, or if it has been, give the deploy prototxt with --description."
      )
    }
    let name = CaffeNet.ourName(layer.name)
    resolved.add(layer.blobs[0], "\(name).weight")
    resolved.add(layer.blobs[1], "\(name).bias")
    let channels = layer.blobs[0].elementCount
    // With mean 0 and variance 1 normalisation is scale times x plus shift: epsilon is below the precision of float32.
    for (part, value) in [("running_mean", Float(0)), ("running_var", Float(1))] {
      let statistics = try Tensor([Float](repeating: value, count: channels), shape: [channels])
      resolved.add(StoredTensor("\(layer.name) (\(part) of an inference BN)", statistics), "\(name).\(part)")
    }
  }
}

extension StoredTensor {
  /// Whether another 1x1 kernel is this one with inputs and outputs exchanged.
  fileprivate func holdsTransposed(_ other: StoredTensor) throws -> Bool {
    guard shape.count == 4, elementCount == other.elementCount, shape[0] * shape[1] == elementCount,
      other.shape.prefix(2) == [shape[1], shape[0]]
    else { return false }
    let (a, b) = (try floats().array(Float.self), try other.floats().array(Float.self))
    let (rows, columns) = (shape[0], shape[1])
    return (0..<rows).allSatisfy { row in
      (0..<columns).allSatisfy { a[row * columns + $0].bitPattern == b[$0 * rows + row].bitPattern }
    }
  }
}
