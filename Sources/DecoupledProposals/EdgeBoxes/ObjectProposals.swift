import DecoupledVision

/// Object proposals of photos: an edge detector and Edge Boxes on what it finds.
public struct ObjectProposals: WindowProposer {
  public let detector: any EdgeDetector
  public let boxes: EdgeBoxes

  /// - Parameter detector: a trained `StructuredEdgeDetector`; plain gradients when left out, which find fewer objects.
  public init(detector: any EdgeDetector = GradientEdgeDetector(), boxes: EdgeBoxes) {
    self.detector = detector
    self.boxes = boxes
  }

  /// As above, from the settings.
  /// - Throws: `EngineError` when a parameter is out of its range.
  public init(
    detector: any EdgeDetector = GradientEdgeDetector(), settings: EdgeBoxesSettings = EdgeBoxesSettings()
  ) throws {
    self.init(detector: detector, boxes: try EdgeBoxes(settings))
  }

  /// Boxes by falling score, all inside the photo.
  /// - Throws: `EngineError` when the photo is too small or too large for the detector.
  public func proposals(for image: RGBImage) throws -> [BoxProposal] {
    boxes.proposals(from: try detector.edges(in: image).thinned())
  }

  public func windows(in image: RGBImage) throws -> [Window] { try proposals(for: image).map(\.window) }
}
