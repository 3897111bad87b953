import DecoupledBase

/// A set of pixels of an image, as run lengths and polygons describe it in COCO's format.
///
/// Polygons are rasterised by the rule of COCO's own tools, so that masks agree with theirs to the pixel: the boundary is
/// walked at five times the resolution, each step to another column toggles the pixels of a column from some row on, and
/// pixels are inside where the number of toggles before them, down the columns one after the other, is odd.
struct Region {
  let width: Int
  let height: Int
  /// `height * width` flags in rows.
  private(set) var pixels: [Bool]

  /// An empty region; the size must have been checked.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [Bool](repeating: false, count: width * height)
  }

  /// Adds the pixels of run lengths down the columns: outside, inside, outside...
  /// - Throws: `EngineError` when the runs are negative or do not cover the image.
  mutating func add(runs: [Int]) throws {
    let total = width * height
    var start = 0
    for (number, run) in runs.enumerated() {
      guard run >= 0, run <= total - start else {
        throw EngineError(.format, "the run lengths do not fit an image of \(width)x\(height)")
      }
      if number % 2 == 1 { fill(start..<(start + run)) }
      start += run
    }
    guard start == total else {
      throw EngineError(.format, "the run lengths cover \(start) of the \(total) pixels")
    }
  }

  /// Adds the pixels of run lengths in COCO's text form: numbers of 5 bits a sign, from the third on as differences to the
  /// last but one.
  /// - Throws: `EngineError` as `add(runs:)`, and when the text is damaged.
  mutating func add(text: String) throws {
    var runs: [Int] = []
    var value = 0
    var shift = 0
    for byte in text.utf8 {
      guard (48..<112).contains(byte), shift <= 30 else { throw EngineError(.format, "the run lengths are damaged") }
      let bits = Int(byte) - 48
      value |= (bits & 31) << shift
      shift += 5
      guard bits & 32 == 0 else { continue }
      if bits & 16 != 0 { value |= -1 << shift }
      if runs.count > 2 { value += runs[runs.count - 2] }
      guard value >= 0, value <= width * height else {
        throw EngineError(.format, "the run lengths do not fit an image of \(width)x\(height)")
      }
      runs.append(value)
      (value, shift) = (0, 0)
    }
    guard shift == 0 else { throw EngineError(.format, "the run lengths are cut short") }
    try add(runs: runs)
  }

  /// Adds the pixels inside a polygon.
  /// - Parameter corners: x, y, x, y... in pixels; the last is joined with the first.
  /// - Throws: `EngineError` unless there are at least three corners with finite coordinates near the image.
  mutating func add(polygon corners: [Double]) throws {
    guard corners.count >= 6, corners.count % 2 == 0 else {
      throw EngineError(.format, "a polygon has \(corners.count) numbers; at least 3 corners of 2 are needed")
    }
    let far = Double(4 * ImageLimits.side)
    guard corners.allSatisfy({ abs($0) <= far }) else {
      throw EngineError(.format, "a corner of a polygon lies far outside of the image")
    }
    // Whether the pixels from here on, down the columns, change sides.
    var toggles = [Bool](repeating: false, count: width * height + 1)
    let fine = corners.map { Int(Self.fineness * $0 + 0.5) }
    let count = fine.count / 2
    var previous: (x: Int, y: Int)?
    for corner in 0..<count {
      let next = (corner + 1) % count
      walk(from: (fine[2 * corner], fine[2 * corner + 1]), to: (fine[2 * next], fine[2 * next + 1])) { x, y in
        if let previous, x != previous.x {
          toggle(fineColumn: min(x, previous.x), fineRow: min(y, previous.y), &toggles)
        }
        previous = (x, y)
      }
    }
    var isInside = false
    for x in 0..<width {
      for y in 0..<height {
        if toggles[x * height + y] { isInside.toggle() }
        if isInside { pixels[y * width + x] = true }
      }
    }
  }

  /// Adds the pixels whose centre a function says is inside; centres lie at whole numbers and a half.
  mutating func add(_ isInside: (Double, Double) -> Bool) {
    for y in 0..<height {
      for x in 0..<width where isInside(Double(x) + 0.5, Double(y) + 0.5) { pixels[y * width + x] = true }
    }
  }

  private static let fineness = 5.0

  /// All points of a fine line, both ends included, one a step along its longer direction.
  private func walk(from a: (x: Int, y: Int), to b: (x: Int, y: Int), _ visit: (Int, Int) -> Void) {
    let (dx, dy) = (abs(b.x - a.x), abs(b.y - a.y))
    let isFlat = dx >= dy
    // Lines are stepped in ascending order whichever way they run, so that both directions round alike.
    let isFlipped = isFlat ? a.x > b.x : a.y > b.y
    let (start, end) = isFlipped ? (b, a) : (a, b)
    let steps = max(dx, dy)
    let slope = steps == 0 ? 0 : Double(isFlat ? end.y - start.y : end.x - start.x) / Double(steps)
    for step in 0...steps {
      let t = isFlipped ? steps - step : step
      if isFlat {
        visit(start.x + t, Int(Double(start.y) + slope * Double(t) + 0.5))
      } else {
        visit(Int(Double(start.x) + slope * Double(t) + 0.5), start.y + t)
      }
    }
  }

  /// Toggles a column where the boundary crosses its middle.
  private func toggle(fineColumn: Int, fineRow: Int, _ toggles: inout [Bool]) {
    let x = (Double(fineColumn) + 0.5) / Self.fineness - 0.5
    guard x.rounded(.down) == x, x >= 0, x <= Double(width - 1) else { return }
    let crossing = (Double(fineRow) + 0.5) / Self.fineness - 0.5
    let row = min(max(crossing, 0), Double(height)).rounded(.up)
    toggles[Int(x) * height + Int(row)].toggle()
  }

  private mutating func fill(_ range: Range<Int>) {
    var (x, y) = range.lowerBound.quotientAndRemainder(dividingBy: height)
    for _ in range {
      pixels[y * width + x] = true
      y += 1
      if y == height { (x, y) = (x + 1, 0) }
    }
  }
}
