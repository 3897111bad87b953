import DecoupledCore
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
  /// What changes the scores of the labels before the largest decides, in this order.
  public var refinements: [any Refinement] = []

  public init() {}

  /// - Throws: `EngineError` when a setting is out of its range.
  func check() throws {
    guard threshold.isFinite else {
      throw EngineError(.invalidArgument, "The threshold must be a number, not \(threshold).")
    }
    guard (1...1024).contains(imagesPerBatch), (1...1024).contains(rowsPerChunk) else {
      throw EngineError(.invalidArgument, "Images per batch and rows per chunk must lie between 1 and 1024.")
    }
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension PredictionSettings: Decodable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case threshold, plain, refinements
    case imagesPerBatch = "images_per_batch"
    case rowsPerChunk = "rows_per_chunk"
    case foregroundMaps = "foreground_maps"
    case activationMaps = "activation_maps"
  }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "the prediction")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(.threshold, into: &threshold)
    try values.read(.plain, into: &plain)
    try values.read(.imagesPerBatch, into: &imagesPerBatch)
    try values.read(.rowsPerChunk, into: &rowsPerChunk)
    try values.read(.foregroundMaps, into: &foregroundMaps)
    try values.read(.activationMaps, into: &activationMaps)
    if let choices = try values.decodeIfPresent([RefinementChoice].self, forKey: .refinements) {
      refinements = choices.map(\.refinement)
    }
  }
}
