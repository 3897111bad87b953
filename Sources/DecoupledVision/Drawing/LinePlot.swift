import DecoupledBase

/// Curves of a training: loss or accuracy over iterations.
public struct LinePlot: Sendable {
  /// One curve.
  public struct Curve: Sendable {
    public let name: String
    public let points: [(x: Double, y: Double)]

    public init(name: String, points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
  }

  public var title: String
  public var curves: [Curve]

  public init(title: String, curves: [Curve]) {
    self.title = title
    self.curves = curves
  }

  /// Colours that stay apart for colour-blind eyes (Okabe and Ito 2008).
  private static let colours: [RGBImage.Colour] = [
    (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (0, 0, 0),
  ]

  private static let margin = (left: 64, right: 32, top: 28, bottom: 28)

  /// Draws axes with round numbers and one line a curve; points that are not finite interrupt it.
  /// - Throws: `EngineError` when the size is below 160x120 or too large.
  public func draw(width: Int = 640, height: Int = 400) throws -> RGBImage {
    guard width >= 160, height >= 120 else {
      throw EngineError(.invalidArgument, "A plot of \(width)x\(height) is too small to read; use at least 160x120.")
    }
    try ImageLimits.check(width: width, height: height, what: "The plot")
    let points = curves.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let x = Axis(points.map(\.x), from: Self.margin.left, to: width - Self.margin.right)
    let y = Axis(points.map(\.y), from: height - Self.margin.bottom, to: Self.margin.top)
    var image = RGBImage(width: width, height: height, fill: (255, 255, 255))
    for tick in x.ticks {
      let at = x.pixel(tick)
      image.line(from: (at, y.from), to: (at, y.to), (225, 225, 225))
      image.write(x.text(tick), x: at - 6, y: y.from + 8, (60, 60, 60), scale: 2)
    }
    for tick in y.ticks {
      let at = y.pixel(tick)
      image.line(from: (x.from, at), to: (x.to, at), (225, 225, 225))
      image.write(y.text(tick), x: 4, y: at - 5, (60, 60, 60), scale: 2)
    }
    image.line(from: (x.from, y.from), to: (x.to, y.from), (60, 60, 60))
    image.line(from: (x.from, y.from), to: (x.from, y.to), (60, 60, 60))
    var legend = x.from + image.write(title, x: x.from, y: 9, (0, 0, 0), scale: 2) + 16
    for (number, curve) in curves.enumerated() {
      let colour = Self.colours[number % Self.colours.count]
      for (a, b) in zip(curve.points, curve.points.dropFirst())
      where a.x.isFinite && a.y.isFinite && b.x.isFinite && b.y.isFinite {
        let (start, end) = ((x.pixel(a.x), y.pixel(a.y)), (x.pixel(b.x), y.pixel(b.y)))
        image.line(from: start, to: end, colour)
        image.line(from: (start.0, start.1 + 1), to: (end.0, end.1 + 1), colour)
      }
      legend += image.write(curve.name, x: legend, y: 9, colour, scale: 2) + 12
    }
    return image
  }
}

/// Values of one direction and their pixels.
private struct Axis {
  let from: Int
  let to: Int
  let ticks: [Double]
  private let low: Double
  private let high: Double
  private let digits: Int

  init(_ values: [Double], from: Int, to: Int) {
    self.from = from
    self.to = to
    var low = values.min() ?? 0
    var high = values.max() ?? 1
    // A flat curve, and one so large that its neighbours are equal, still needs an axis.
    let least = max(abs(low), abs(high)) * 1e-9 + 1e-12
    if high - low < least || !(high - low).isFinite {
      low = max(low - 0.5 - least, -1e300)
      high = min(high + 0.5 + least, 1e300)
    }
    // The largest power of ten times 1, 2 or 5 that gives at least four steps.
    var power = 1.0
    while power * 10 <= (high - low) / 4 { power *= 10 }
    while power > (high - low) / 4 { power /= 10 }
    let step = power * ([5.0, 2].first { power * $0 <= (high - low) / 4 } ?? 1)
    var digits = 0
    var rest = step
    while rest < 0.999 && digits < 9 {
      rest *= 10
      digits += 1
    }
    self.digits = digits
    self.low = low
    self.high = high
    let first = (low / step).rounded(.up)
    ticks = (0..<12).map { (first + Double($0)) * step }.filter { $0 <= high + step * 1e-6 }
  }

  func pixel(_ value: Double) -> Int {
    let share = min(max((value - low) / (high - low), 0), 1)
    return from + Int((Double(to - from) * share).rounded())
  }

  func text(_ value: Double) -> String {
    if abs(value) >= 1_000_000 { return NumberText.fixed(value / 1_000_000, digits: 1) + "M" }
    return NumberText.fixed(value, digits: digits)
  }
}
