import DecoupledVision

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
  /// Finds windows where the settings of a phase ask for proposals.
  public var proposals: (any ProposalSource)?

  public init(proposals: (any ProposalSource)? = nil) { self.proposals = proposals }
}
