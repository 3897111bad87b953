/// Rows of an image with the score of each label at each pixel: what a refinement works on.
public struct ScoreStrip {
  /// Width of the image.
  public let width: Int
  /// Rows of the image, from its top, that are held.
  public let rows: Range<Int>
  /// Number of labels, background included.
  public let labels: Int
  /// Scores of shape (rows, width, labels); the largest of a pixel decides on its label, the first of equal ones.
  public var values: [Float]

  public init(width: Int, rows: Range<Int>, labels: Int, values: [Float]) {
    self.width = width
    self.rows = rows
    self.labels = labels
    self.values = values
  }

  /// Number of the label that has the largest score at a pixel, counted from the strip's first.
  public func largest(_ pixel: Int) -> Int {
    var best = pixel * labels
    for place in pixel * labels..<(pixel + 1) * labels where values[place] > values[best] { best = place }
    return best - pixel * labels
  }
}
