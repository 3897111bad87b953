import DecoupledBase

/// A square matrix of shares as shades, with a number in each cell.
public struct MatrixPlot: Sendable {
  public var title: String
  /// Names of rows and columns, which are the same.
  public var names: [String]
  /// 0...1, shape (count, count) in rows.
  public var values: [Double]
  /// The numbers written into the cells, of the same shape.
  public var counts: [Int]

  public init(title: String, names: [String], values: [Double], counts: [Int]) {
    self.title = title
    self.names = names
    self.values = values
    self.counts = counts
  }

  private static let cell = 36
  private static let top = 28
  /// Signs of a name that are written above a column.
  private static let headLength = 4

  /// - Throws: `EngineError` when the picture gets too large or the numbers do not fit the names.
  public func draw() throws -> RGBImage {
    guard values.count == names.count * names.count, counts.count == values.count else {
      throw EngineError(.invalidArgument, "A matrix of \(names.count) names needs \(names.count * names.count) values.")
    }
    let left = 16 + 8 * (names.map(\.count).max() ?? 0)
    let head = Self.top + 16
    let width = max(left + names.count * Self.cell + 8, 8 * title.count + 24)
    let height = head + names.count * Self.cell + 8
    try ImageLimits.check(width: width, height: height, what: "The matrix")
    var image = RGBImage(width: width, height: height, fill: (255, 255, 255))
    image.write(title, x: 8, y: 9, (0, 0, 0), scale: 2)
    for (place, name) in names.enumerated() {
      image.write(
        String(name.prefix(Self.headLength)), x: left + place * Self.cell + 2, y: Self.top, (60, 60, 60), scale: 2)
      image.write(name, x: 8, y: head + place * Self.cell + 12, (60, 60, 60), scale: 2)
    }
    for row in names.indices {
      for column in names.indices {
        let i = row * names.count + column
        let share = min(max(values[i], 0), 1)
        func shade(_ full: Int) -> UInt8 { UInt8(255 - Int((Double(255 - full) * share).rounded())) }
        let (x, y) = (left + column * Self.cell, head + row * Self.cell)
        let area = Window(x1: x, y1: y, x2: x + Self.cell - 2, y2: y + Self.cell - 2)
        image.fill(area, (shade(0), shade(90), shade(150)))
        let ink: RGBImage.Colour = share > 0.5 ? (255, 255, 255) : (60, 60, 60)
        if counts[i] > 0 { image.write("\(counts[i])", x: x + 3, y: y + 12, ink, scale: 2) }
      }
    }
    return image
  }
}
