import Glibc

/// The boxes that were kept, by area and place, so that a box is compared only with those that can overlap it by enough.
struct KeptBoxes {
  /// Cells of a side of the image, at most.
  private static let mostCells = 16
  /// Least size of a cell in pixels.
  private static let leastCell: Int32 = 32

  private let binStep: Float
  private let bins: Int
  private let cell: Int32
  private let columns: Int
  private let rows: Int
  /// By bin of the area, then by the cell of the upper left corner, row by row.
  private var lists: [[ScoredBox]]

  init(_ boxes: [ScoredBox], beta: Float) {
    binStep = logf(1 / beta)
    let side = boxes.reduce(into: Int32(0)) { $0 = max($0, $1.x, $1.y) }
    cell = max(Self.leastCell, side / Int32(Self.mostCells) + 1)
    columns = Int(side / cell) + 1
    rows = columns
    let binStep = binStep
    bins = (boxes.map { Self.bin($0, step: binStep) }.max() ?? 0) + 1
    lists = [[ScoredBox]](repeating: [], count: bins * columns * rows)
  }

  private static func area(_ box: ScoredBox) -> Float { Float(box.width) * Float(box.height) }

  /// A box may be a line, of area 0.
  private static func bin(_ box: ScoredBox, step: Float) -> Int { max(0, Int(ceilf(logf(max(area(box), 1)) / step))) }

  mutating func insert(_ box: ScoredBox) {
    let bin = Self.bin(box, step: binStep)
    lists[(bin * rows + Int(box.y / cell)) * columns + Int(box.x / cell)].append(box)
  }

  /// Whether one of the boxes overlaps this one by more than the threshold.
  func holdsOne(covering box: ScoredBox, by threshold: Float) -> Bool {
    // An overlap cannot exceed the ratio of the areas.
    let own = Self.bin(box, step: binStep)
    let reach = max(1, Int(ceilf(logf(1 / threshold) / binStep)))
    let (across, down) = (
      cells(around: box.x, box.width, threshold, columns), cells(around: box.y, box.height, threshold, rows)
    )
    for bin in max(own - reach, 0)...min(own + reach, bins - 1) {
      for row in down {
        let first = (bin * rows + row) * columns
        for column in across where Self.covers(box, lists[first + column], threshold) { return true }
      }
    }
    return false
  }

  /// The cells in which boxes may begin that overlap one by more than the threshold t.
  ///
  /// Such boxes share more than t of the larger width W with each other, and W is below width / t, so their sides lie
  /// less than (1 - t) W < width (1 - t) / t apart; a pixel more for rounding.
  private func cells(around first: Int32, _ width: Int32, _ threshold: Float, _ count: Int) -> ClosedRange<Int> {
    let far = Float(width) * (1 - threshold) / threshold + 1
    let least = max(0, (Float(first) - far) / Float(cell))
    let last = min(Float(count - 1), (Float(first) + far) / Float(cell))
    return Int(least)...Int(last)
  }

  private static func covers(_ box: ScoredBox, _ list: [ScoredBox], _ threshold: Float) -> Bool {
    let (right, bottom, own) = (box.x &+ box.width, box.y &+ box.height, area(box))
    for other in list {
      let across = min(right, other.x &+ other.width) &- max(box.x, other.x)
      let down = min(bottom, other.y &+ other.height) &- max(box.y, other.y)
      guard across > 0, down > 0 else { continue }
      let shared = Float(across) * Float(down)
      if shared / (own + area(other) - shared) > threshold { return true }
    }
    return false
  }
}
