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
