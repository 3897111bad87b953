import DecoupledVision

extension RGBImage {
  /// The image with boxes drawn on it: the first, best one in the brightest colour and on top.
  public func drawing(_ boxes: some Collection<BoxProposal>) -> RGBImage {
    var result = self
    let ordered = Array(boxes)
    for (rank, box) in ordered.enumerated().reversed() {
      let colour = HeatMap.colour(1 - Double(rank) / Double(max(ordered.count, 1)))
      let (right, bottom) = (box.x + box.width - 1, box.y + box.height - 1)
      for inset in 0..<2 {
        let (x1, y1, x2, y2) = (box.x + inset, box.y + inset, right - inset, bottom - inset)
        guard x1 <= x2, y1 <= y2 else { continue }
        result.line(from: (x1, y1), to: (x2, y1), colour)
        result.line(from: (x1, y2), to: (x2, y2), colour)
        result.line(from: (x1, y1), to: (x1, y2), colour)
        result.line(from: (x2, y1), to: (x2, y2), colour)
      }
    }
    return result
  }
}
