import DecoupledBase
import DecoupledCore

/// Fully convolutional networks (Long, Shelhamer and Darrell, CVPR 2015): a classifier's layers as convolutions give a coarse map
/// of class scores, background among them, which is interpolated to pixels. FCN-32s, the simplest form.
public struct FCN: Family {
  public let tag = "fcn"
  public var phases: [any Phase] { [FCN32sPhase()] }
  public let gives: Set<PredictionPart> = [.foregroundMaps]

  public init() {}

  public func validate(_ description: NetworkDescription) throws {
    guard description.fc6Kernel >= 2 else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': an FCN needs an fc6_kernel of at least 2, not \(description.fc6Kernel).")
    }
    _ = try FCN32s.trunk(description)
    _ = try Heads.make(description)
  }

  public func predictionGraph(_ description: NetworkDescription, images: Int, rows: Int) throws -> Graph {
    try FCNPredictionGraph(description, images: images).graph
  }

  public func procedure(
    _ model: Model, settings: PredictionSettings, backend: Backend, execution: Execution
  ) throws -> any InferenceProcedure {
    try FCNInference(model, settings: settings, backend: backend, execution: execution)
  }
}
