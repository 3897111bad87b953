import DecoupledBase

/// What a structured forest looks at and how it was trained; stored with it.
public struct ForestSettings: Sendable, Equatable, Codable {
  /// Whose program the features are computed as.
  public enum Features: String, Sendable, Codable, CaseIterable {
    /// The authors' (Dollár and Zitnick): orientations interpolated between bins, normalised central differences.
    case authors
    /// OpenCV's: nearest orientation bin, plain differences, another border rule. For forests that OpenCV reads.
    case opencv
  }

  public var features = Features.authors
  /// Side of the square that a tree looks at, in pixels.
  public var patchSize = 32
  /// Side of the square in its middle that a leaf describes.
  public var innerSize = 16
  /// Pixels between neighbouring patches.
  public var stride = 2
  /// The feature channels are so many times smaller than the image.
  public var shrink = 2
  /// Bins of the orientation histograms.
  public var orientations = 4
  /// Radius of the triangle over which gradients are normalised, in pixels of the image.
  public var normalisation = 4
  /// Radius of the triangle that smooths the image before its gradients are taken; 0 is none.
  public var gradientSmoothing = 0
  /// Radius of the triangle that smooths the channels, in pixels of the image.
  public var channelSmoothing = 2
  /// The same for the self-similarity features.
  public var similaritySmoothing = 8
  /// Self-similarity compares the cells of a grid with so many on a side.
  public var cells = 5
  /// Trees that are asked at each patch; neighbouring patches ask different ones.
  public var treesEvaluated = 4

  public init() {}

  /// Luv, and at two scales the gradient and its histogram.
  public var channels: Int { 3 + 2 * (1 + orientations) }
  /// Side of a patch in the channels.
  var channelPatch: Int { patchSize / shrink }
  /// Features that are one value of a smoothed channel.
  var regularFeatures: Int { channels * channelPatch * channelPatch }
  /// Features that are the difference of two cells of a channel.
  var similarityFeatures: Int { channels * (cells * cells) * (cells * cells - 1) / 2 }
  /// All features of a patch: 7228 by default.
  public var featureCount: Int { regularFeatures + similarityFeatures }

  /// - Throws: `EngineError` naming the first setting that is not supported.
  public func check() throws {
    func require(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw EngineError(
          .invalidArgument,
          "A structured forest with \(name) \(value) is not supported; it must lie in \(range.lowerBound)...\(range.upperBound)."
        )
      }
    }
    try require("shrink", shrink, 2...2)
    try require("patchSize", patchSize, 8...64)
    try require("innerSize", innerSize, 4...min(32, patchSize))
    try require("stride", stride, 2...innerSize)
    try require("orientations", orientations, 1...16)
    try require("normalisation", normalisation, 1...32)
    try require("gradientSmoothing", gradientSmoothing, 0...16)
    try require("channelSmoothing", channelSmoothing, 0...32)
    try require("similaritySmoothing", similaritySmoothing, 0...32)
    try require("cells", cells, 2...min(8, patchSize / 4))
    try require("treesEvaluated", treesEvaluated, 1...64)
    for (name, value) in [("patchSize", patchSize), ("innerSize", innerSize), ("stride", stride)] where value % 2 != 0 {
      throw EngineError(.invalidArgument, "A structured forest with an odd \(name) \(value) is not supported.")
    }
    guard (patchSize - innerSize) % 4 == 0 else {
      throw EngineError(
        .invalidArgument, "A structured forest with patchSize \(patchSize) and innerSize \(innerSize) is not supported."
      )
    }
  }
}
