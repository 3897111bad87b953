import DecoupledCore

/// Where a training stands: with the unchanged weights of its model, everything that is needed to go on bit for bit.
///
/// The file holds the trained weights and running statistics themselves, not only the momentum, so that one rename replaces all
/// of it: whatever moment a run is killed at, the file is a whole earlier state.
public struct TrainingState {
  /// "classification" or "segmentation".
  public var phase: String
  /// Finished iterations; also the position in the data, as batch n of the run depends on n only.
  public var iteration: Int
  public var seed: UInt64
  public var smoothedLoss: Double
  /// Of the best evaluation so far; nil before the first.
  public var best: Double?
  /// What the numbers were computed with; elsewhere a run continues with other last bits.
  public var backend: String
  public var backendVariant: String
  /// All settings that fix the run's result, as JSON.
  public var settings: String
  /// Trained weights and running statistics by name.
  public var weights: [String: Tensor] = [:]
  /// V of each trained parameter by name.
  public var momentum: [String: Tensor] = [:]
}
