import DecoupledBase

/// Random windows around the foreground.
///
/// Each side lies at a random place between the tight box of the foreground and the border of the image. With an
/// enclosed share below 1 a side may also cut into the box, as long as that share of the foreground's pixels stays
/// inside.
public struct RandomWindowSource: WindowSource, Equatable {
  /// Least share of the foreground's pixels inside a window, 0 < share <= 1. The paper says "enclosing": 1.
  public let enclosedShare: Double
  /// The distance of a side from the box, as a share of the distance between box and image border; above 1 leaves the
  /// image.
  public let context: ClosedRange<Double>

  /// Windows that enclose all of the foreground and stay inside the image.
  public static let enclosing = RandomWindowSource(share: 1, context: 0...1)

  /// - Throws: `EngineError` when the share is not in 0...1 without 0 or the context not in 0...4.
  public init(enclosedShare: Double = 1, context: ClosedRange<Double> = 0...1) throws {
    guard enclosedShare > 0, enclosedShare <= 1, context.lowerBound >= 0, context.upperBound <= 4 else {
      throw EngineError(
        .format,
        "The enclosed share \(enclosedShare) must be above 0 and at most 1, the context \(context) inside 0...4.")
    }
    self.init(share: enclosedShare, context: context)
  }

  private init(share: Double, context: ClosedRange<Double>) {
    enclosedShare = share
    self.context = context
  }

  public func windows(
    for foreground: Foreground, proposals: [Window], count: Int, random: inout CounterRandom
  ) -> [Window] {
    guard let box = foreground.box else { return [] }
    return (0..<max(count, 0)).map { _ in window(around: box, foreground, &random) }
  }

  public func window(
    for foreground: Foreground, proposals: [Window], of total: Int, random: inout CounterRandom
  ) -> Window? {
    foreground.box.map { window(around: $0, foreground, &random) }
  }

  private func window(around box: Window, _ foreground: Foreground, _ random: inout CounterRandom) -> Window {
    if enclosedShare < 1 {
      // A third of the box on each side is where cuts can still keep a useful share; most draws succeed at once.
      for _ in 0..<16 {
        let inner = Window(
          x1: box.x1 + random.int(0...(box.width / 3)), y1: box.y1 + random.int(0...(box.height / 3)),
          x2: box.x2 - random.int(0...(box.width / 3)), y2: box.y2 - random.int(0...(box.height / 3)))
        guard inner.x1 <= inner.x2, inner.y1 <= inner.y2 else { continue }
        // Half of the sides are cut, the others keep their context.
        let outer = around(box, foreground, &random)
        let mixed = Window(
          x1: random.bool() ? inner.x1 : outer.x1, y1: random.bool() ? inner.y1 : outer.y1,
          x2: random.bool() ? inner.x2 : outer.x2, y2: random.bool() ? inner.y2 : outer.y2)
        if Double(foreground.count(in: mixed)) >= enclosedShare * Double(foreground.count) { return mixed }
      }
    }
    return around(box, foreground, &random)
  }

  private func around(_ box: Window, _ foreground: Foreground, _ random: inout CounterRandom) -> Window {
    func distance(_ room: Int) -> Int { Int((Double(room) * random.uniform(context)).rounded()) }
    return Window(
      x1: box.x1 - distance(box.x1), y1: box.y1 - distance(box.y1),
      x2: box.x2 + distance(foreground.width - 1 - box.x2), y2: box.y2 + distance(foreground.height - 1 - box.y2))
  }
}
