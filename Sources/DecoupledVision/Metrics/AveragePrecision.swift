import DecoupledBase

/// Average precision of image-level scores, the measure of the VOC classification task (phase 1).
///
/// For each class: the area under the precision-recall curve after precision was made non-increasing (VOC 2010 to 2012,
/// all points). Images where only difficult objects of the class show are left out for that class. Equal scores are one
/// threshold, so the order of images does not matter.
public struct AveragePrecision: Sendable {
  public let classes: ClassList
  private var scores: [[Float]] = []
  private var labels: [[Bool]] = []
  private var difficult: [[Bool]] = []

  public init(classes: ClassList) { self.classes = classes }

  /// Adds one image.
  /// - Parameters:
  ///   - scores: L scores, higher means present.
  ///   - labels: the L image-level labels.
  ///   - difficult: classes not counted for this image; empty means none.
  ///   - name: what errors call the image.
  /// - Throws: `EngineError` when a count is not L or a score is not a number.
  public mutating func add(
    scores: [Float], labels: [Bool], difficult: [Bool] = [], name: String = "the image"
  ) throws {
    guard scores.count == classes.count, labels.count == classes.count,
      difficult.isEmpty || difficult.count == classes.count
    else {
      throw EngineError(
        .format, "\(name) has \(scores.count) scores and \(labels.count) labels for \(classes.count) classes.")
    }
    guard !scores.contains(where: \.isNaN) else { throw EngineError(.format, "A score of \(name) is not a number.") }
    self.scores.append(scores)
    self.labels.append(labels)
    self.difficult.append(difficult)
  }

  /// The number of images added.
  public var imageCount: Int { scores.count }

  /// One value a class, 0...1; nil for a class that no counted image shows.
  public func perClass() -> [Double?] {
    (0..<classes.count).map { c in
      let counted = scores.indices.filter { difficult[$0].isEmpty || !difficult[$0][c] }
      return Self.area(counted.map { (scores[$0][c], labels[$0][c]) })
    }
  }

  /// The mean over the classes that occur; 0 when none does.
  public func mean() -> Double {
    let known = perClass().compactMap { $0 }
    return known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
  }

  /// A table in percent.
  public var text: String {
    let rows = zip(classes.names, perClass()).map { name, value in (name, value ?? .nan) }
    return TextTable.percentages(rows + [("mean average precision", mean())])
  }

  private static func area(_ samples: [(score: Float, isPositive: Bool)]) -> Double? {
    let positives = samples.count { $0.isPositive }
    guard positives > 0 else { return nil }
    let sorted = samples.sorted { $0.score > $1.score }
    var curve: [(recall: Double, precision: Double)] = []
    var hits = 0
    for (rank, sample) in sorted.enumerated() {
      hits += sample.isPositive ? 1 : 0
      if rank + 1 == sorted.count || sorted[rank + 1].score != sample.score {
        curve.append((Double(hits) / Double(positives), Double(hits) / Double(rank + 1)))
      }
    }
    var area = 0.0
    var best = 0.0
    for i in curve.indices.reversed() {
      best = max(best, curve[i].precision)
      area += best * (curve[i].recall - (i == 0 ? 0 : curve[i - 1].recall))
    }
    return area
  }
}
