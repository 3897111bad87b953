import DecoupledCore

/// The network of Hong, Noh and Han (NIPS 2015): a classification network learns from many image-level labels, bridging layers
/// and a segmentation network from few masks.
public struct DecoupledNet: Family {
  public let tag = "decouplednet"
  public var phases: [any Phase] { [ClassificationPhase(), SegmentationPhase()] }
  public let gives: Set<PredictionPart> = [.foregroundMaps, .activationMaps]

  public init() {}

  public func validate(_ description: NetworkDescription) throws {
    _ = try Trunks.make(description)
    _ = try Heads.make(description)
    _ = try Decoders.make(description)
  }

  public func predictionGraph(_ description: NetworkDescription, images: Int, rows: Int) throws -> Graph {
    try PredictionGraph(description, images: images, rows: rows, seeds: rows, plain: true).graph
  }

  public func procedure(
    _ model: Model, settings: PredictionSettings, backend: Backend, execution: Execution
  ) throws -> any InferenceProcedure {
    try DecoupledInference(model, settings: settings, backend: backend, execution: execution)
  }
}
