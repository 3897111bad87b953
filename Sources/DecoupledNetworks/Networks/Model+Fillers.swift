import DecoupledBase
import DecoupledCore

extension Model {
  /// Draws the weights of the classification network that are not there yet.
  public func fillClassification(seed: UInt64) throws {
    for (name, shape) in try Self.classificationShapes(description) where parameters[name] == nil {
      // The score layer always starts small: scores near 0 give every class the probability one half.
      let filler = name.hasPrefix("cls_score.") ? .gaussian : description.classificationFiller
      parameters[name] = try Self.filled(name, shape, filler, fanIn: shape.dropFirst().reduce(1, *), seed)
    }
  }

  /// Draws the weights of the bridging layers and the segmentation network that are not there yet.
  public func fillSegmentation(seed: UInt64) throws {
    for (name, shape) in try Self.segmentationShapes(description) where parameters[name] == nil {
      // Weights of a transposed convolution are stored (in, out, kernel, kernel).
      let transposed = name.contains("deconv")
      let fanIn = shape.count == 4 ? (transposed ? shape[0] : shape[1]) * shape[2] * shape[3] : 1
      parameters[name] = try Self.filled(name, shape, description.segmentationFiller, fanIn: fanIn, seed)
    }
  }

  private static func filled(
    _ name: String, _ shape: [Int], _ filler: Filler, fanIn: Int, _ seed: UInt64
  ) throws -> Tensor {
    let tensor = try Tensor(zeros: shape)
    let values = try tensor.elements(Float.self)
    let isNormalization = name.contains("bn")
    if name.hasSuffix(".running_mean") { return tensor }
    if name.hasSuffix(".running_var") || (isNormalization && name.hasSuffix(".weight")) {
      values.update(repeating: 1)
    } else if isNormalization {
      values.update(repeating: 0.001)
    } else if name.hasSuffix(".weight") {
      let deviation = filler == .gaussian ? 0.01 : (2 / Double(fanIn)).squareRoot()
      var random = CounterRandom(seed: seed, stream: CounterRandom.hash(name))
      for index in values.indices { values[index] = Float(random.gaussian() * deviation) }
    }
    return tensor
  }
}
