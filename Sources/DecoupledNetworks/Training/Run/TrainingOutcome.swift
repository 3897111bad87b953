/// How a run ended.
public struct TrainingOutcome: Sendable {
  /// Finished iterations.
  public let iterations: Int
  /// Whether it was cancelled; a run directory then holds a checkpoint to resume from.
  public let wasCancelled: Bool
  public let lastRecord: TrainingRecord?
}
