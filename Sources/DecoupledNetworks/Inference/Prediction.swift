import DecoupledVision

/// How images are predicted.
public struct PredictionSettings: Sendable {
  /// A class is identified when its average-pooled sigmoid score lies above this (FACTS of the released procedure: 0.5).
  public var threshold: Float = 0.5
  /// Run the released procedure literally: every label pass on its own row, nothing shared, the all-classes pass even
  /// when one class is identified. Slower; for comparison.
  public var plain = false
  /// Images per run of the classification network.
  public var imagesPerBatch = 1
  /// Label rows per run of the decoder's coarse stages: bounds the memory, whatever the number of identified classes.
  public var rowsPerChunk = 4
  /// Bytes of a row's un-pooled value above which the decoder's stages take one row at a time; nil for what suits the model.
  package var largeRow: Int?
  /// Whether results hold the foreground map of each identified class.
  public var foregroundMaps = false
  /// Whether results hold the class-specific activation map of each identified class.
  public var activationMaps = false

  public init() {}
}

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
