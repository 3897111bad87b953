/// Horizontal bars, one group a name.
public struct BarChart: Sendable {
  public var title: String
  public var names: [String]
  /// Values of each name, with what they are.
  public var series: [(name: String, values: [Int])]

  public init(title: String, names: [String], series: [(name: String, values: [Int])]) {
    self.title = title
    self.names = names
    self.series = series
  }

  /// Colours that stay apart for colour-blind eyes (Okabe and Ito 2008).
  private static let colours: [RGBImage.Colour] = [(0, 114, 178), (213, 94, 0), (0, 158, 115)]
  private static let barHeight = 12
  private static let gap = 8
  private static let top = 28
  /// Pixels of one sign and its gap at the scale of names and numbers.
  private static let sign = 8

  /// - Throws: `EngineError` when the picture gets too large.
  public func draw(width: Int = 720) throws -> RGBImage {
    let group = max(series.count, 1) * Self.barHeight + Self.gap
    let height = Self.top + names.count * group + Self.gap
    try ImageLimits.check(width: width, height: height, what: "The chart")
    var image = RGBImage(width: width, height: height, fill: (255, 255, 255))
    var legend = 8 + image.write(title, x: 8, y: 9, (0, 0, 0), scale: 2) + 16
    for (place, one) in series.enumerated() {
      legend += image.write(one.name, x: legend, y: 9, Self.colours[place % Self.colours.count], scale: 2) + 12
    }
    let left = 16 + Self.sign * (names.map(\.count).max() ?? 0)
    let most = max(1, series.flatMap(\.values).max() ?? 1)
    let digits = Self.sign * ("\(most)".count + 1)
    let room = max(width - left - digits, 1)
    for (row, name) in names.enumerated() {
      let y = Self.top + row * group
      image.write(name, x: 8, y: y + 1, (60, 60, 60), scale: 2)
      for (place, one) in series.enumerated() where row < one.values.count {
        let value = one.values[row]
        let length = Int((Double(room) * Double(value) / Double(most)).rounded())
        let bar = Window(
          x1: left, y1: y + place * Self.barHeight, x2: left + length - 1, y2: y + (place + 1) * Self.barHeight - 2)
        let colour = Self.colours[place % Self.colours.count]
        image.fill(bar, colour)
        image.write("\(value)", x: left + length + 4, y: bar.y1 + 1, colour, scale: 2)
      }
    }
    return image
  }
}
