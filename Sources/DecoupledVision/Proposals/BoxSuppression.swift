import Glibc

/// Drops boxes that overlap better ones.
enum BoxSuppression {
  /// Above this overlap nothing is dropped.
  private static let unlimited: Float = 0.99
  /// The threshold sinks by eta only while it lies above this.
  private static let leastFalling: Float = 0.5

  /// The boxes that stay, by falling score; boxes of equal score in the order given.
  static func run(_ boxes: [ScoredBox], _ settings: EdgeBoxesSettings) -> [ScoredBox] {
    let order = boxes.indices.sorted { (boxes[$1].score, $0) < (boxes[$0].score, $1) }
    if settings.beta > unlimited { return order.prefix(settings.maxBoxes).map { boxes[$0] } }
    var kept: [ScoredBox] = []
    // An overlap cannot exceed the ratio of the areas, so only boxes of a similar area are compared.
    var bins: [Int: [ScoredBox]] = [:]
    let binStep = logf(1 / settings.beta)
    var threshold = settings.beta
    var reach = 1
    for index in order where kept.count < settings.maxBoxes {
      let box = boxes[index]
      let bin = Int(ceilf(logf(Float(box.width) * Float(box.height)) / binStep))
      let isCovered = (bin - reach...bin + reach).contains { near in
        bins[near]?.contains { overlap(box, $0) > threshold } ?? false
      }
      if isCovered { continue }
      kept.append(box)
      bins[bin, default: []].append(box)
      if settings.eta < 1 && threshold > leastFalling {
        threshold *= settings.eta
        reach = Int(ceilf(logf(1 / threshold) / binStep))
      }
    }
    return kept
  }

  private static func overlap(_ a: ScoredBox, _ b: ScoredBox) -> Float {
    let across = min(a.x &+ a.width, b.x &+ b.width) &- max(a.x, b.x)
    let down = min(a.y &+ a.height, b.y &+ b.height) &- max(a.y, b.y)
    guard across > 0, down > 0 else { return 0 }
    let shared = Float(across) * Float(down)
    return shared / (Float(a.width) * Float(a.height) + Float(b.width) * Float(b.height) - shared)
  }
}
