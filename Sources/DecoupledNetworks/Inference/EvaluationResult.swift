import DecoupledBase
import DecoupledVision
import FoundationEssentials

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

  /// The head and the lines of a table in percent: IoU and average precision of each class, then the means.
  public var table: [[String]] {
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
    return [["class", "IoU", "AP"]] + rows.map { [$0.0, Self.percent($0.1), Self.percent($0.2)] }
  }

  /// What was measured, one line.
  public var extent: String {
    "\(trueLabels ? "image-level labels given; " : "")\(images) images, \(masks) with masks, \(labelled) with labels"
  }

  /// The table as aligned text.
  public var text: String { TextTable.aligned(table) + "\(extent)\n" }

  /// As one JSON object.
  public func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }

  private static func percent(_ share: Double?) -> String {
    share.map { NumberText.fixed(100 * $0, digits: 2) } ?? "-"
  }

  /// Reads what `json` wrote.
  /// - Throws: `format` when the file is not the result of an evaluation.
  public static func read(_ path: String) throws -> EvaluationResult {
    let data = Data(try FileAccess.read(path))
    do {
      let result = try JSONDecoder().decode(EvaluationResult.self, from: data)
      let classes = result.classNames.count
      guard result.segmentation.map({ $0.classes.count == classes + 1 }) ?? true,
        result.averagePrecision.isEmpty || result.averagePrecision.count == classes
      else {
        throw EngineError(
          .format, "'\(path)': the scores do not fit the classes; write it anew with 'decoupled eval --json'.")
      }
      return result
    } catch let error as DecodingError {
      throw EngineError(
        .format, "'\(path)' is not the result of 'decoupled eval --json': \(JSONProblem.sentence(error))")
    }
  }
}
