import DecoupledVision

/// Object proposals by Edge Boxes, for trainings and lists of crops.
public struct EdgeBoxesSource: ProposalSource {
  public init() {}

  public func proposer(count: Int, overlap: Double, forest: String?) throws -> any WindowProposer {
    var settings = EdgeBoxesSettings()
    settings.maxBoxes = count
    settings.beta = Float(overlap)
    return try ObjectProposals(detector: try EdgeDetectors.open(forest: forest), settings: settings)
  }
}
