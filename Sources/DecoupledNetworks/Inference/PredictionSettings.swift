import DecoupledBase
import DecoupledVision

/// How images are predicted.
public struct PredictionSettings: SettingGroup, Sendable {
  public var threshold: Float = 0.5
  public var plain = false
  public var imagesPerBatch = 1
  public var rowsPerChunk = 4
  /// Bytes of a row's un-pooled value above which the decoder's stages take one row at a time; nil for what suits the model.
  package var largeRow: Int?
  public var foregroundMaps = false
  public var activationMaps = false
  public var refinements: [RefinementChoice] = []

  public init() {}

  public static let groupName = "the prediction"
  public static let settings: [Setting<Self>] = [
    .value(
      "threshold", \.threshold, "a number", "A class is identified when its score lies above this.",
      problem: { $0.isFinite ? nil : "threshold must be a number, not \($0)." }),
    .flag(
      "plain", \.plain, "Run the released procedure literally, nothing shared between label passes: slower, to compare."
    ),
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
