/// The matrix product, `C = alpha * A * B + beta * C` for row-major float32 matrices, on the calling thread: that of the
/// manifest whose kernel is running on this thread.
import CForeign

enum Product {
  /// A is [m, k] or, transposed, stored as [k, m]; B is [k, n] or stored as [n, k]; C is [m, n].
  static func run(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ aStep: Int, transposedA: Bool = false,
    _ b: UnsafePointer<Float>,
    _ bStep: Int, transposedB: Bool = false, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, alpha: Float = 1,
    beta: Float
  ) {
    ProductScope.current.product._withUnsafeGuaranteedRef {
      $0.multiply(m: m, n: n, k: k, a, aStep, transposedA, b, bStep, transposedB, c, cStep, alpha, beta)
    }
  }
}
