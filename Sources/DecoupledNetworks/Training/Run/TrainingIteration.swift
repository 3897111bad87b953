/// An iteration that is done.
public struct TrainingIteration: Sendable {
  /// Name of the phase.
  public let phase: String
  public let maximumIterations: Int
  public let record: TrainingRecord
  /// Estimated time to the last iteration at the speed of late; what the phase does at its end follows it.
  public let remainingSeconds: Double
}
