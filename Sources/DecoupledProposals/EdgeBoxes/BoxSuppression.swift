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
    var grid = KeptBoxes(boxes, beta: settings.beta)
    var kept: [ScoredBox] = []
    var threshold = settings.beta
    for index in order where kept.count < settings.maxBoxes {
      let box = boxes[index]
      if grid.holdsOne(covering: box, by: threshold) { continue }
      kept.append(box)
      grid.insert(box)
      if settings.eta < 1 && threshold > leastFalling { threshold *= settings.eta }
    }
    return kept
  }
}
