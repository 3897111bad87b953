/// y = alpha * A * B + beta * C, with A and B transposed on request and C broadcast.
struct Gemm: RealOperator {
  private let transposesA: Bool
  private let transposesB: Bool
  private let alpha: Double
  private let beta: Double

  init(_ attributes: Attributes) throws {
    transposesA = try attributes.flag("transA")
    transposesB = try attributes.flag("transB")
    alpha = try attributes.real("alpha", default: 1)
    beta = try attributes.real("beta", default: 1)
  }

  func check(_ operands: Operands) throws {
    let a = try operands.shape(.input(0), "A", rank: 2)
    let b = try operands.shape(.input(1), "B", rank: 2)
    let (m, k) = transposesA ? (a[1], a[0]) : (a[0], a[1])
    let (inner, n) = transposesB ? (b[1], b[0]) : (b[0], b[1])
    try operands.require(k == inner, "A has \(k) columns, but B has \(inner) rows")
    if operands.has(.input(2)) {
      let c = try operands.shape(.input(2), "C")
      let fits = c == [n] || c.count == 2 && (c[0] == m || c[0] == 1) && (c[1] == n || c[1] == 1)
      try operands.require(fits || c == [1], "C of shape \(c) cannot be broadcast to \([m, n])")
    }
    try operands.expect(.output(0), "y", [m, n])
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let inputA = try operands.view(.input(0), as: T.self)
    let inputB = try operands.view(.input(1), as: T.self)
    let a = transposesA ? inputA.permuting([1, 0]) : inputA
    let b = transposesB ? inputB.permuting([1, 0]) : inputB
    let c = try operands.optionalView(.input(2), as: T.self)
    let isVector = try operands.has(.input(2)) && operands.shape(.input(2), "C").count == 1
    let y = try operands.view(.output(0), as: T.self)
    let (m, n, k) = (y.dims[0], y.dims[1], a.dims[1])
    let block = 64
    let blocks = (n + block - 1) / block

    /// C[i, j] with its axes of length 1 repeated.
    func constant(_ i: Int, _ j: Int) -> Double {
      guard let c else { return 0 }
      if isVector { return c.line(min(j, c.dims[0] - 1))[0].double }
      return c.line(min(i, c.dims[0] - 1))[min(j, c.dims[1] - 1)].double
    }

    try operands.parallelFor(m * blocks) { task in
      let (i, part) = task.quotientAndRemainder(dividingBy: blocks)
      let columns = part * block..<min(n, (part + 1) * block)
      let row = a.line(i)
      let output = y.line(i)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: columns.count) { sums in
        sums.initialize(repeating: 0)
        for p in 0..<k {
          let factor = row[p].double
          let values = b.line(p)
          for j in columns { sums[j &- columns.lowerBound] += factor * values[j].double }
        }
        for j in columns {
          let product = alpha * sums[j - columns.lowerBound]
          output[j] = T(c == nil ? product : product + beta * constant(i, j))
        }
      }
    }
  }
}
