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

/// What a progress callback is told.
public enum TrainingProgress: Sendable {
  /// After each iteration.
  case iteration(TrainingIteration)
  /// After each step of what the phase does behind the last iteration.
  case ending(TrainingEnding)

  /// The record of the iteration; nil behind the last one.
  public var record: TrainingRecord? {
    if case .iteration(let told) = self { told.record } else { nil }
  }
}

/// An iteration that is done.
public struct TrainingIteration: Sendable {
  /// Name of the phase.
  public let phase: String
  public let maximumIterations: Int
  public let record: TrainingRecord
  /// Estimated time to the last iteration at the speed of late; what the phase does at its end follows it.
  public let remainingSeconds: Double
}

/// A step of the end of a phase.
public struct TrainingEnding: Sendable {
  /// Name of the phase.
  public let phase: String
  /// What is done, for people.
  public let summary: String
  /// Steps done, from 1, and all steps.
  public let done: Int
  public let of: Int
}

/// How a run ended.
public struct TrainingOutcome: Sendable {
  /// Finished iterations.
  public let iterations: Int
  /// Whether it was cancelled; a run directory then holds a checkpoint to resume from.
  public let wasCancelled: Bool
  public let lastRecord: TrainingRecord?
}
