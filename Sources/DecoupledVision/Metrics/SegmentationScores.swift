/// The results of an evaluation by name, for a table or a JSON file.
public struct SegmentationScores: Sendable, Equatable, Codable {
  /// One class.
  public struct ClassScore: Sendable, Equatable, Codable {
    public let name: String
    /// 0...1.
    public let intersectionOverUnion: Double
    /// Pixels of the class in the truth.
    public let pixels: Int
  }

  /// Background first, then the object classes in the order of their ids.
  public let classes: [ClassScore]
  /// Over all classes with background, 0...1.
  public let meanIntersectionOverUnion: Double
  /// Over the object classes, 0...1.
  public let meanObjectIntersectionOverUnion: Double
  /// 0...1.
  public let pixelAccuracy: Double

  /// - Throws: `VisionError` when the matrix does not have background and the classes of the list.
  public init(_ matrix: ConfusionMatrix, classes: ClassList) throws {
    guard matrix.classCount == classes.count + 1 else {
      throw VisionError(
        "A confusion matrix of \(matrix.classCount) classes does not fit background and \(classes.count) classes.")
    }
    self.classes = zip(["background"] + classes.names, matrix.intersectionOverUnion).enumerated().map { id, score in
      ClassScore(name: score.0, intersectionOverUnion: score.1, pixels: matrix.trueCount(id))
    }
    meanIntersectionOverUnion = matrix.meanIntersectionOverUnion
    meanObjectIntersectionOverUnion = matrix.meanObjectIntersectionOverUnion
    pixelAccuracy = matrix.pixelAccuracy
  }

  /// A table in percent.
  public var text: String {
    let rows =
      classes.map { ($0.name, $0.intersectionOverUnion) } + [
        ("mean with background", meanIntersectionOverUnion), ("mean of objects", meanObjectIntersectionOverUnion),
        ("pixel accuracy", pixelAccuracy),
      ]
    return TextTable.percentages(rows)
  }
}

/// Aligned plain text.
enum TextTable {
  /// Columns as wide as their widest cell; the first is aligned left, the others right.
  static func aligned(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { c in rows.map { c < $0.count ? $0[c].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { c, cell in
        let padding = String(repeating: " ", count: widths[c] - cell.count)
        return c == 0 ? cell + padding : padding + cell
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }

  static func percentages(_ rows: [(String, Double)]) -> String {
    aligned(rows.map { [$0.0, decimal(100 * $0.1, digits: 2)] })
  }

  /// A number with a fixed number of digits after the point.
  static func decimal(_ value: Double, digits: Int) -> String {
    var unit = 1
    for _ in 0..<digits { unit *= 10 }
    guard value.isFinite, abs(value) * Double(unit) < 1e18 else { return "\(value)" }
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(scaled)" }
    let fraction = String(scaled % unit)
    return "\(sign)\(scaled / unit)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
