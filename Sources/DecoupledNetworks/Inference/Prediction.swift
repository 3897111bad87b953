import DecoupledVision

/// What the network finds in one image.
public struct Prediction: Sendable {
  /// Sigmoid of the average-pooled score of each class.
  public let scores: [Float]
  /// Indices of the identified (or given) classes, ascending.
  public let identified: [Int]
  /// 0 background, c + 1 class c, at the size of the image.
  public let labelMap: LabelMap
  /// Probability of the foreground in the pass of each identified class, height x width of the image, in 0...1.
  public let foregroundMaps: [FloatImage]
  /// Class-specific activation map of each identified class, channels x h x w: fc6-deconv after its ReLU.
  public let activationMaps: [FloatImage]
}
