/// The matrix product, `C = A * B + beta * C` for row-major float32 matrices, on the calling thread.
import COpenBLAS

enum Product {
  /// A is [m, k] or, transposed, stored as [k, m]; B is [k, n] or stored as [n, k]; C is [m, n].
  @inline(__always) static func run(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ aStep: Int, transposedA: Bool = false,
    _ b: UnsafePointer<Float>,
    _ bStep: Int, transposedB: Bool = false, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, alpha: Float = 1,
    beta: Float
  ) {
    cblas_sgemm(
      CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans, transposedB ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n),
      Int32(k), alpha, a, Int32(aStep), b, Int32(bStep), beta, c, Int32(cStep))
  }
}
