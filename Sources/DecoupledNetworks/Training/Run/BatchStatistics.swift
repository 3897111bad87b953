/// Mean and biased variance of one batch at one normalisation layer.
public struct BatchStatistics: Sendable {
  public let layer: String
  public let mean: [Float]
  public let variance: [Float]
}
