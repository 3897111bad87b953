import DecoupledVision

/// What an evaluation found. Shares lie in 0...1; the table gives percent.
public struct EvaluationResult: Sendable, Codable, Equatable {
  /// Images evaluated, how many of them had a mask, and how many had labels.
  public let images: Int
  public let masks: Int
  public let labelled: Int
  /// Whether the predictor was told the image-level labels.
  public let trueLabels: Bool
  /// Pixels by true and found class, background first.
  public let confusion: ConfusionMatrix
  /// Nil when no image had a mask.
  public let segmentation: SegmentationScores?
  public let classNames: [String]
  /// By class, nil for one that no image shows; empty when no image had labels.
  public let averagePrecision: [Double?]

  enum CodingKeys: String, CodingKey {
    case images, masks, labelled, confusion, segmentation
    case trueLabels = "true_labels"
    case classNames = "class_names"
    case averagePrecision = "average_precision"
  }

  /// Over all classes with background; nil without masks.
  public var meanIntersectionOverUnion: Double? { segmentation?.meanIntersectionOverUnion }

  /// Over the classes that occur; nil without labels.
  public var meanAveragePrecision: Double? {
    let known = averagePrecision.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }

  /// A table in percent: IoU and average precision of each class, then the means.
  public var text: String {
    var rows: [(String, Double?, Double?)] = [
      ("background", segmentation?.classes.first?.intersectionOverUnion, nil)
    ]
    for (index, name) in classNames.enumerated() {
      rows.append(
        (
          name, segmentation.map { $0.classes[index + 1].intersectionOverUnion },
          averagePrecision.isEmpty ? nil : averagePrecision[index]
        ))
    }
    rows.append(("mean with background", segmentation?.meanIntersectionOverUnion, nil))
    rows.append(("mean of objects", segmentation?.meanObjectIntersectionOverUnion, meanAveragePrecision))
    rows.append(("pixel accuracy", segmentation?.pixelAccuracy, nil))
    let cells = rows.map { [$0.0, Self.percent($0.1), Self.percent($0.2)] }
    let note = trueLabels ? "image-level labels given; " : ""
    return Self.aligned([["class", "IoU", "AP"]] + cells)
      + "\(note)\(images) images, \(masks) with masks, \(labelled) with labels\n"
  }

  /// As one JSON object.
  public func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }

  private static func percent(_ share: Double?) -> String {
    guard let share else { return "-" }
    let hundredths = Int((share * 10_000).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }.joined(separator: "  ") + "\n"
    }.joined()
  }
}
