/// What became of a case.
public struct CaseResult: Sendable {
  public enum Verdict: Sendable {
    case passed
    /// The backend declines it, which it may.
    case declined
    case failed(String)
  }

  public var verdict: Verdict
  /// The largest error, as a share of the largest value, and what is allowed.
  public var error = 0.0
  public var tolerance = 0.0
  /// How many nodes of the chain ran as one kernel.
  public var nodes = 0
  /// What else there is to say: times, why a vector is left out.
  public var note = ""
}
