/// Edge Boxes (Zitnick and Dollár, ECCV 2014): boxes ranked by the contours that lie wholly inside them.
///
/// Edge pixels are joined to groups of similar orientation (`EdgeGroups`); a box scores the groups inside less those that
/// are connected with its border (`BoxScorer`); all windows of a grid are scored, good ones refined, and boxes that overlap
/// better ones dropped. Arithmetic in single precision in the order of the authors' program, so that results agree.
public struct EdgeBoxes: Sendable {
  public let settings: EdgeBoxesSettings

  /// - Throws: `EngineError` when a parameter is out of its range.
  public init(_ settings: EdgeBoxesSettings = EdgeBoxesSettings()) throws {
    try settings.check()
    self.settings = settings
  }

  /// Boxes by falling score, all inside the image.
  /// - Parameter edges: thinned by `EdgeMap.thinned()`.
  public func proposals(from edges: EdgeMap) -> [BoxProposal] {
    // Nothing but the border, whose pixels are no edges.
    guard edges.width > 2, edges.height > 2 else { return [] }
    let scorer = BoxScorer(EdgeGroups(edges, settings), edges, settings)
    let boxes = BoxSearch(width: edges.width, height: edges.height, settings).run(scorer)
    return BoxSuppression.run(boxes, settings).map { box in
      BoxProposal(x: Int(box.x), y: Int(box.y), width: Int(box.width), height: Int(box.height), score: box.score)
    }
  }
}
