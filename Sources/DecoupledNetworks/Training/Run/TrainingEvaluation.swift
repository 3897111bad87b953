/// What an evaluation during training found; shares lie in 0...1. Batch statistics and dropout are off in all of it.
public struct TrainingEvaluation: Sendable, Equatable, Codable {
  /// Phase 1: sigmoid cross-entropy of the validation images, summed over the classes, as in training.
  public var loss: Double?
  /// Phase 1: over the classes that occur in the validation set.
  public var meanAveragePrecision: Double?
  /// Phase 2: share of right pixels of held-out crops.
  public var pixelAccuracy: Double?
  /// Phase 2: mean over held-out crops of the foreground's intersection over union.
  public var foregroundIntersectionOverUnion: Double?
  /// Of whole images, background included, when the caller measures it.
  public var meanIntersectionOverUnion: Double?

  public init() {}

  enum CodingKeys: String, CodingKey {
    case loss
    case meanAveragePrecision = "mean_average_precision"
    case pixelAccuracy = "pixel_accuracy"
    case foregroundIntersectionOverUnion = "foreground_iou"
    case meanIntersectionOverUnion = "mean_iou"
  }

  /// What the best model is chosen by, higher is better: mean IoU of whole images, else mean average precision, else the
  /// foreground of held-out crops.
  public var score: Double? { meanIntersectionOverUnion ?? meanAveragePrecision ?? foregroundIntersectionOverUnion }
}
