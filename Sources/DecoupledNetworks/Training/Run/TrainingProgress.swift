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
