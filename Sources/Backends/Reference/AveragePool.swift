// AveragePool and AverageUnpool, its gradient.

/// y = the mean of each window, over its cells in the image or, with count_include_pad, over all of them.
struct AveragePool: RealOperator {
  private let average: WindowAverage

  init(_ attributes: Attributes) throws { average = try WindowAverage(attributes) }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    try average.checkPooled(operands, .output(0), "y", x)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let y = try operands.view(.output(0), as: T.self)

    try operands.parallelFor(y.dims[0] * y.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let image = x.plane(n, c)
      let output = y.plane(n, c)
      for oy in 0..<y.dims[2] {
        for ox in 0..<y.dims[3] {
          let (rows, columns, count) = average.cells(oy, ox, x.dims[2], x.dims[3])
          var sum = 0.0
          for iy in rows {
            for ix in columns { sum += image[iy, ix].double }
          }
          output[oy, ox] = T(sum / count)
        }
      }
    }
  }
}

/// y = 0, then each x divided by its window's count is added to every cell of the window.
struct AverageUnpool: RealOperator {
  private let average: WindowAverage
  private let outputShape: [Int]

  init(_ attributes: Attributes) throws {
    average = try WindowAverage(attributes)
    outputShape = try attributes.integers("output_shape", count: 2, in: 1...Window.largest)
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    let y = [x[0], x[1]] + outputShape
    try average.checkPooled(operands, .input(0), "x", y)
    try operands.expect(.output(0), "y", y)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let (height, width) = (y.dims[2], y.dims[3])

    try operands.parallelFor(y.dims[0] * y.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let image = x.plane(n, c)
      let output = y.plane(n, c)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: height * width) { sums in
        sums.initialize(repeating: 0)
        for iy in 0..<x.dims[2] {
          for ix in 0..<x.dims[3] {
            let (rows, columns, count) = average.cells(iy, ix, height, width)
            let share = image[iy, ix].double / count
            for oy in rows {
              for ox in columns { sums[oy * width + ox] += share }
            }
          }
        }
        for oy in 0..<height {
          for ox in 0..<width { output[oy, ox] = T(sums[oy * width + ox]) }
        }
      }
    }
  }
}

/// The windows of an average pool and what each is divided by.
private struct WindowAverage {
  private let window: Window
  private let countIncludesPadding: Bool

  init(_ attributes: Attributes) throws {
    window = try Window(pool: attributes)
    countIncludesPadding = try attributes.flag("count_include_pad")
  }

  /// Checks that an operand has the shape of `image` after the pool.
  func checkPooled(_ operands: Operands, _ place: Operands.Place, _ name: String, _ image: [Int]) throws {
    try operands.require(image[2] > 0 && image[3] > 0, "its image of \(image[2])x\(image[3]) is empty")
    let (height, width) = (window.rows.count(image[2]), window.columns.count(image[3]))
    try operands.require(height > 0 && width > 0, "its window is larger than the \(image[2])x\(image[3]) image")
    try operands.expect(place, name, [image[0], image[1], height, width])
  }

  func cells(_ y: Int, _ x: Int, _ height: Int, _ width: Int) -> (Range<Int>, Range<Int>, Double) {
    let rows = window.rows.cells(y, size: height)
    let columns = window.columns.cells(x, size: width)
    let count = countIncludesPadding ? window.rows.kernel * window.columns.kernel : rows.count * columns.count
    return (rows, columns, Double(count))
  }
}
