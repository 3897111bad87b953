import DecoupledVision

/// Finds edges in photos: a trained structured forest, or plain gradients.
public protocol EdgeDetector: Sendable {
  /// What it is, for the log.
  var name: String { get }

  /// The edges of a photo, before they are thinned.
  /// - Throws: `EngineError` when the photo is too small or too large.
  func edges(in image: RGBImage) throws -> EdgeMap
}
