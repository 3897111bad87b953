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
    // An overlap cannot exceed the ratio of the areas, so only boxes of a similar area are compared.
    let binStep = logf(1 / settings.beta)
    func bin(_ box: ScoredBox) -> Int { max(0, Int(ceilf(logf(area(box)) / binStep))) }
    var bins = [[ScoredBox]](repeating: [], count: (boxes.map(bin).max() ?? 0) + 1)
    var kept: [ScoredBox] = []
    var threshold = settings.beta
    var reach = 1
    for index in order where kept.count < settings.maxBoxes {
      let box = boxes[index]
      let own = bin(box)
      let isCovered = (max(own - reach, 0)...min(own + reach, bins.count - 1)).contains { near in
        bins[near].withUnsafeBufferPointer { covers(box, $0, threshold) }
      }
      if isCovered { continue }
      kept.append(box)
      bins[own].append(box)
      if settings.eta < 1 && threshold > leastFalling {
        threshold *= settings.eta
        reach = Int(ceilf(logf(1 / threshold) / binStep))
      }
    }
    return kept
  }

  private static func area(_ box: ScoredBox) -> Float { Float(box.width) * Float(box.height) }

  /// Whether a box overlaps one of a list by more than the threshold.
  private static func covers(_ box: ScoredBox, _ list: UnsafeBufferPointer<ScoredBox>, _ threshold: Float) -> Bool {
    let (right, bottom, own) = (box.x &+ box.width, box.y &+ box.height, area(box))
    for other in list {
      let across = min(right, other.x &+ other.width) &- max(box.x, other.x)
      let down = min(bottom, other.y &+ other.height) &- max(box.y, other.y)
      guard across > 0, down > 0 else { continue }
      let shared = Float(across) * Float(down)
      if shared / (own + area(other) - shared) > threshold { return true }
    }
    return false
  }
}
