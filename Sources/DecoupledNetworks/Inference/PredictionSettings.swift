import DecoupledBase
import DecoupledCore
import DecoupledVision

/// How images are predicted.
public struct PredictionSettings: SettingGroup, Sendable {
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
  /// What changes the scores of the labels before the largest decides, in this order.
  public var refinements: [RefinementChoice] = []

  public init() {}

  public static let groupName = "the prediction"
  public static let settings: [Setting<Self>] = [
    .number(
      "threshold", \.threshold, .between(-.greatestFiniteMagnitude, .greatestFiniteMagnitude),
      "A class is identified when its score lies above this."),
    .flag(
      "plain", \.plain, "Run the released procedure literally, nothing shared between label passes: slower, to compare."),
    .number("images_per_batch", \.imagesPerBatch, .between(1, 1024), "Images per run of the classification network."),
    .number(
      "rows_per_chunk", \.rowsPerChunk, .between(1, 1024), "Label passes per run of the decoder, which bounds memory."),
    .flag("foreground_maps", \.foregroundMaps, "Give the foreground map of each identified class."),
    .flag("activation_maps", \.activationMaps, "Give the class-specific activation map of each identified class."),
    .value(
      "refinements", \.refinements, "a list of names, or of objects of name and settings",
      "What changes the scores of labels before the largest decides, in this order."),
  ]

  /// - Throws: one sentence naming the first setting out of its range.
  func check() throws {
    if let problem { throw EngineError(.invalidArgument, problem) }
  }
}
