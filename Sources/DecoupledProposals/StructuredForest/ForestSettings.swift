import DecoupledBase

/// What a structured forest looks at and how it was trained; stored with it.
public struct ForestSettings: SettingGroup {
  /// Whose program the features are computed as.
  public enum Features: String, SettingChoice {
    /// The authors' (Dollár and Zitnick): orientations interpolated between bins, normalised central differences.
    case authors
    /// OpenCV's: nearest orientation bin, plain differences, another border rule. For forests that OpenCV reads.
    case opencv
  }

  public var features = Features.authors
  public var patchSize = 32
  public var innerSize = 16
  public var stride = 2
  public var shrink = 2
  public var orientations = 4
  public var normalisation = 4
  public var gradientSmoothing = 0
  public var channelSmoothing = 2
  public var similaritySmoothing = 8
  public var cells = 5
  public var treesEvaluated = 4

  public static let groupName = "a structured forest"
  public static let settings: [Setting<Self>] = [
    .choice(
      "features", \.features,
      "Whose program the features are computed as: the authors' (Dollár and Zitnick), or OpenCV's for forests that it reads."
    ),
    .number("shrink", \.shrink, .between(2, 2), "The feature channels are so many times smaller than the image."),
    .number(
      "patchSize", \.patchSize, .between(8, 64), "Side of the square that a tree looks at, in pixels; even."),
    .number(
      "innerSize", \.innerSize, .between(4, 32), "Side of the square in its middle that a leaf describes; even."),
    .number("stride", \.stride, .between(2, 32), "Pixels between neighbouring patches; even."),
    .number("orientations", \.orientations, .between(1, 16), "Bins of the orientation histograms."),
    .number(
      "normalisation", \.normalisation, .between(1, 32),
      "Radius of the triangle over which gradients are normalised, in pixels of the image."),
    .number(
      "gradientSmoothing", \.gradientSmoothing, .between(0, 16),
      "Radius of the triangle that smooths the image before its gradients are taken; 0 is none."),
    .number(
      "channelSmoothing", \.channelSmoothing, .between(0, 32),
      "Radius of the triangle that smooths the channels, in pixels of the image."),
    .number(
      "similaritySmoothing", \.similaritySmoothing, .between(0, 32), "The same for the self-similarity features."),
    .number(
      "cells", \.cells, .between(2, 8), "Self-similarity compares the cells of a grid with so many on a side."),
    .number(
      "treesEvaluated", \.treesEvaluated, .between(1, 64),
      "Trees that are asked at each patch; neighbouring patches ask different ones."),
  ]

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

  public var conflict: String? {
    for (name, value) in [("patchSize", patchSize), ("innerSize", innerSize), ("stride", stride)] where value % 2 != 0 {
      return "\(name) must be even, not \(value)."
    }
    guard innerSize <= patchSize, (patchSize - innerSize) % 4 == 0 else {
      return "a patchSize of \(patchSize) and an innerSize of \(innerSize) do not go together."
    }
    guard stride <= innerSize else { return "stride must be at most the innerSize \(innerSize), not \(stride)." }
    guard cells <= patchSize / 4 else { return "cells must be at most \(patchSize / 4), not \(cells)." }
    return nil
  }

  /// - Throws: `EngineError` naming the first setting that is not supported.
  public func check() throws {
    if let problem {
      throw EngineError(.invalidArgument, "A structured forest with these settings is not supported: \(problem)")
    }
  }
}
