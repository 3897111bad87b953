/// How a run is watched and kept; none of it changes the numbers of the run.
public struct TrainingOptions: Sendable {
  /// Iterations between checkpoints. One is written at the end and on cancellation too.
  public var checkpointEvery = 500
  /// Iterations between evaluations, where there is something to evaluate on. One is made at the end too.
  public var evaluateEvery = 500
  /// Iterations between lines in the metrics files.
  public var recordEvery = 1
  /// Batches prepared ahead.
  public var preparedBatches = 3
  /// Decoded photos and masks kept in memory, in bytes.
  public var cacheBytes = 512 << 20

  public init() {}
}

/// What a progress callback is told after each iteration.
public struct TrainingProgress: Sendable {
  /// "classification" or "segmentation".
  public let phase: String
  public let maximumIterations: Int
  public let record: TrainingRecord
  /// Estimated time to the last iteration at the speed of late; the conversion of phase 2 follows it.
  public let remainingSeconds: Double
}

/// How a run ended.
public struct TrainingOutcome: Sendable {
  /// Finished iterations.
  public let iterations: Int
  /// Whether it was cancelled; a run directory then holds a checkpoint to resume from.
  public let wasCancelled: Bool
  public let lastRecord: TrainingRecord?
}
