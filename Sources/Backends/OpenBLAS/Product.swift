/// The matrix product, `C = alpha * A * B + beta * C` for row-major float32 matrices, on the calling thread.
import COpenBLAS

enum Product {
  /// A is [m, k] or, transposed, stored as [k, m]; B is [k, n] or stored as [n, k]; C is [m, n].
  @inline(__always) static func run(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ aStep: Int, transposedA: Bool = false,
    _ b: UnsafePointer<Float>,
    _ bStep: Int, transposedB: Bool = false, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, alpha: Float = 1,
    beta: Float
  ) {
    if Precision.sumsInDouble {
      inDouble(
        m: m, n: n, k: k, a, aStep, transposedA: transposedA, b, bStep, transposedB: transposedB, c, cStep,
        alpha: alpha, beta: beta)
      return
    }
    cblas_sgemm(
      CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans, transposedB ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n),
      Int32(k), alpha, a, Int32(aStep), b, Int32(bStep), beta, c, Int32(cStep))
  }

  /// The same product with factors and sums widened to double and rounded once at the end.
  private static func inDouble(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ aStep: Int, transposedA: Bool, _ b: UnsafePointer<Float>,
    _ bStep: Int, transposedB: Bool, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, alpha: Float, beta: Float
  ) {
    let (aRows, aColumns) = transposedA ? (k, m) : (m, k)
    let (bRows, bColumns) = transposedB ? (n, k) : (k, n)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: m * k + k * n + m * n) { memory in
      guard let wideA = memory.baseAddress else { return }
      let wideB = wideA + m * k
      let wideC = wideB + k * n
      widen(a, aStep, rows: aRows, columns: aColumns, into: wideA)
      widen(b, bStep, rows: bRows, columns: bColumns, into: wideB)
      // With beta = 0 the former contents are not read: they may be anything.
      if beta != 0 { widen(c, cStep, rows: m, columns: n, into: wideC) }
      cblas_dgemm(
        CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans, transposedB ? CblasTrans : CblasNoTrans, Int32(m),
        Int32(n), Int32(k), Double(alpha), wideA, Int32(aColumns), wideB, Int32(bColumns), Double(beta), wideC,
        Int32(n))
      for row in 0..<m {
        for column in 0..<n { c[row * cStep + column] = Float(wideC[row * n + column]) }
      }
    }
  }

  private static func widen(
    _ source: UnsafePointer<Float>, _ step: Int, rows: Int, columns: Int, into target: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rows {
      for column in 0..<columns { target[row * columns + column] = Double(source[row * step + column]) }
    }
  }
}
