import DecoupledBase

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

  /// - Throws: `EngineError` when the matrix does not have background and the classes of the list.
  public init(_ matrix: ConfusionMatrix, classes: ClassList) throws {
    guard matrix.classCount == classes.count + 1 else {
      throw EngineError(
        .format,
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
