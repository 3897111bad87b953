import DecoupledBase
import DecoupledCore

/// The class-specific saliency of Eq. (3): the gradient of a class score with respect to the features.
enum ClassSpecificSaliency {
  /// Appends the backward pass.
  /// - Parameters:
  ///   - seeds: [rows, L, 1, 1], the value back-propagated for each class; 0 for the classes a row does not ask for.
  ///   - rowToImage: int32 [rows], nil when row r belongs to image r.
  /// - Returns: pool5-bp of the released network, [rows, C, h, w]: signed, not rectified.
  static func build(
    _ builder: inout LayerBuilder, _ network: ClassificationNetwork, seeds: ValueID, rowToImage: ValueID?
  ) throws -> ValueID {
    let head = builder.description.saliency.placement == .average ? network.averagePool : network.maxPool
    let gradients = try builder.graph.gradient(
      of: head, withRespectTo: [network.source.value], seed: seeds, rowToImage: rowToImage)
    guard let saliency = gradients[0] else {
      throw EngineError(.internal, "The class scores do not depend on the features.")
    }
    return saliency
  }
}
