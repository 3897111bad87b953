// Resize and its transpose: along each axis an output is a weighted sum of a few inputs.

struct Resize: RealOperator {
  private let resampling: Resampling

  init(_ attributes: Attributes) throws { resampling = try Resampling(attributes) }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    try operands.require(x[2] > 0 && x[3] > 0, "x is an empty image of \(x[2])x\(x[3])")
    try operands.expect(.output(0), "y", [x[0], x[1]] + resampling.outputShape)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let width = x.dims[3]
    let rows = resampling.taps(from: x.dims[2], to: y.dims[2])
    let columns = resampling.taps(from: width, to: y.dims[3])

    try operands.parallelFor(y.dims[0] * y.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let image = x.plane(n, c)
      let output = y.plane(n, c)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { row in
        for oy in 0..<y.dims[2] {
          row.initialize(repeating: 0)
          for tap in rows[oy] {
            for ix in 0..<width { row[ix] += tap.weight * image[tap.index, ix].double }
          }
          for ox in 0..<y.dims[3] {
            output[oy, ox] = T(columns[ox].reduce(0) { $0 + $1.weight * row[$1.index] })
          }
        }
      }
    }
  }
}

/// dx = the transpose of Resize applied to dy: each dy goes back to the inputs it came from, with their weights.
struct ResizeGradient: RealOperator {
  private let resampling: Resampling

  init(_ attributes: Attributes) throws { resampling = try Resampling(attributes) }

  func check(_ operands: Operands) throws {
    let dy = try operands.shape(.input(0), "dy", rank: 4)
    try operands.require(dy[2] > 0 && dy[3] > 0, "dy is an empty image of \(dy[2])x\(dy[3])")
    try operands.expect(.output(0), "dx", [dy[0], dy[1]] + resampling.outputShape)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let dy = try operands.view(.input(0), as: T.self)
    let dx = try operands.view(.output(0), as: T.self)
    let (height, width) = (dx.dims[2], dx.dims[3])
    let rows = resampling.taps(from: height, to: dy.dims[2])
    let columns = resampling.taps(from: width, to: dy.dims[3])

    try operands.parallelFor(dx.dims[0] * dx.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: dx.dims[1])
      let arriving = dy.plane(n, c)
      let leaving = dx.plane(n, c)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: (height + 1) * width) { memory in
        memory.initialize(repeating: 0)
        let sums = memory.baseAddress!
        let row = sums + height * width
        for oy in 0..<dy.dims[2] {
          row.update(repeating: 0, count: width)
          for ox in 0..<dy.dims[3] {
            for tap in columns[ox] { row[tap.index] += tap.weight * arriving[oy, ox].double }
          }
          for tap in rows[oy] {
            for ix in 0..<width { sums[tap.index * width + ix] += tap.weight * row[ix] }
          }
        }
        for iy in 0..<height {
          for ix in 0..<width { leaving[iy, ix] = T(sums[iy * width + ix]) }
        }
      }
    }
  }
}

/// Which inputs make an output along one axis, and with which weights.
private struct Resampling {

  struct Tap {
    let index: Int
    let weight: Double
  }

  private enum Mode: Int { case nearest, linear, cubic }

  let outputShape: [Int]
  private let mode: Mode
  private let coefficient: Double
  private let antialias: Bool
  private let reflects: Bool

  init(_ attributes: Attributes) throws {
    outputShape = try attributes.integers("output_shape", count: 2, in: 1...Window.largest)
    mode = Mode(rawValue: try attributes.integer("mode", in: 0...2, default: 0))!
    coefficient = try attributes.real("cubic_coefficient", default: -0.5)
    antialias = try attributes.flag("antialias")
    reflects = try attributes.flag("border")
  }

  /// For each of `output` places along an axis of `input` places, the inputs it is made of.
  func taps(from input: Int, to output: Int) -> [[Tap]] {
    if mode == .nearest { return (0..<output).map { [Tap(index: $0 * input / output, weight: 1)] } }
    let ratio = Double(input) / Double(output)
    let stretch = antialias ? max(1, ratio) : 1
    let radius = (mode == .linear ? 1 : 2) * stretch
    return (0..<output).map { place in
      let center = (Double(place) + 0.5) * ratio - 0.5
      let reach = Int((center - radius).rounded(.up))...Int((center + radius).rounded(.down))
      let weights = reach.map { kernel((Double($0) - center) / stretch) }
      let sum = weights.reduce(0, +)
      return zip(reach, weights).filter { $0.1 != 0 }.map { Tap(index: inside($0, input), weight: $1 / sum) }
    }
  }

  /// The triangle, or the cubic of Keys.
  private func kernel(_ distance: Double) -> Double {
    let x = abs(distance)
    if mode == .linear { return max(0, 1 - x) }
    let a = coefficient
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

  /// The place that stands in for one beyond the border.
  private func inside(_ index: Int, _ size: Int) -> Int {
    if !reflects { return min(max(index, 0), size - 1) }
    let period = 2 * size
    let place = ((index % period) + period) % period
    return place < size ? place : period - 1 - place
  }
}
