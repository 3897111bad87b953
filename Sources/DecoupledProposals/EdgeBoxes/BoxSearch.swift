import Glibc

/// The sliding window of Edge Boxes and the refinement of what it finds (paper, section 3.3).
struct BoxSearch {
  private let width: Int
  private let height: Int
  private let settings: EdgeBoxesSettings
  /// Step of a side as a share of it: moving by it makes windows overlap by alpha.
  private let stepShare: Float

  init(width: Int, height: Int, _ settings: EdgeBoxesSettings) {
    self.width = width
    self.height = height
    self.settings = settings
    stepShare = (1 - settings.alpha) / (1 + settings.alpha)
  }

  /// Scores all windows and refines those that have a score; in the order of the search.
  func run(_ scorer: BoxScorer) -> [ScoredBox] {
    let scaleStep = sqrtf(1 / settings.alpha)
    let aspectStep = (1 + settings.alpha) / (2 * settings.alpha)
    let least = sqrtf(settings.minBoxArea)
    let aspects = Int(logf(settings.maxAspectRatio) / logf(aspectStep * aspectStep))
    let scales = Int(ceilf(logf(Float(max(width, height)) / least) / logf(scaleStep)))
    var found: [ScoredBox] = []
    for scale in 0..<max(scales, 0) {
      for aspect in -aspects...aspects {
        let ratio = powf(aspectStep, Float(aspect))
        let size = least * powf(scaleStep, Float(scale))
        let (boxWidth, boxHeight) = (Int(size * ratio), Int(size / ratio))
        let stepX = max(2, Int(Float(boxWidth) * stepShare))
        let stepY = max(2, Int(Float(boxHeight) * stepShare))
        for x in stride(from: 0, to: width - boxWidth + stepX, by: stepX) {
          for y in stride(from: 0, to: height - boxHeight + stepY, by: stepY) {
            var box = ScoredBox(x: Int32(x), y: Int32(y), width: Int32(boxWidth), height: Int32(boxHeight))
            scorer.clamp(&box)
            scorer.score(&box)
            guard box.score > 0 else { continue }
            refine(&box, scorer)
            found.append(box)
          }
        }
      }
    }
    return found
  }

  /// Moves each side by smaller and smaller steps as long as the score grows.
  private func refine(_ box: inout ScoredBox, _ scorer: BoxScorer) {
    var stepY = Int32(Float(box.height) * stepShare)
    var stepX = Int32(Float(box.width) * stepShare)
    while true {
      stepY /= 2
      stepX /= 2
      if stepY <= 2 && stepX <= 2 { break }
      stepY = max(1, stepY)
      stepX = max(1, stepX)
      improve(&box, scorer) {
        $0.y -= $1 * stepY
        $0.height += $1 * stepY
      }
      improve(&box, scorer) { $0.height += $1 * stepY }
      improve(&box, scorer) {
        $0.x -= $1 * stepX
        $0.width += $1 * stepX
      }
      improve(&box, scorer) { $0.width += $1 * stepX }
    }
  }

  /// Tries to move a side outwards (1), and when that is no better, inwards (-1).
  @inline(__always)
  private func improve(_ box: inout ScoredBox, _ scorer: BoxScorer, _ move: (inout ScoredBox, Int32) -> Void) {
    var other = moved(box, 1, scorer, move)
    // At the border of the image a side cannot move outwards.
    if !other.isSame(as: box) { scorer.score(&other, above: box.score) }
    if other.score <= box.score {
      other = moved(box, -1, scorer, move)
      scorer.score(&other, above: box.score)
    }
    if other.score > box.score { box = other }
  }

  @inline(__always)
  private func moved(
    _ box: ScoredBox, _ steps: Int32, _ scorer: BoxScorer, _ move: (inout ScoredBox, Int32) -> Void
  ) -> ScoredBox {
    var other = box
    other.score = 0
    move(&other, steps)
    scorer.clamp(&other)
    return other
  }
}
