import CForeign
import Synchronization

/// The matrix product of a manifest.
final class ForeignProduct: Sendable {
  private let function: ForeignFunction
  private let success: Int?
  private let threadSetups: [Setup]
  /// What the function last returned in place of success.
  private let failure = Atomic<Int>(0)

  init(_ function: ForeignFunction, success: Int?, _ threadSetups: [Setup]) {
    self.function = function
    self.success = success
    self.threadSetups = threadSetups
  }

  /// C = alpha A B + beta C; see `Product.run`.
  func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ aStep: Int, _ transposedA: Bool, _ b: UnsafePointer<Float>,
    _ bStep: Int, _ transposedB: Bool, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, _ alpha: Float, _ beta: Float
  ) {
    prepareThread()
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: ProductEntry.Value.allCases.count) { values in
      func set(_ value: ProductEntry.Value, _ bits: UInt64) { values.initializeElement(at: value.rawValue, to: bits) }
      set(.m, UInt64(m))
      set(.n, UInt64(n))
      set(.k, UInt64(k))
      set(.a, UInt64(UInt(bitPattern: a)))
      set(.b, UInt64(UInt(bitPattern: b)))
      set(.c, UInt64(UInt(bitPattern: c)))
      // BLAS wants steps of at least a row even where there is one row only.
      set(.lda, UInt64(max(aStep, transposedA ? m : k)))
      set(.ldb, UInt64(max(bStep, transposedB ? k : n)))
      set(.ldc, UInt64(max(cStep, n)))
      set(.alpha, Double(alpha).bitPattern)
      set(.beta, Double(beta).bitPattern)
      set(.transposesA, transposedA ? 1 : 0)
      set(.transposesB, transposedB ? 1 : 0)
      let result = function.call(values.baseAddress!)
      if let success, result != success { failure.store(result, ordering: .relaxed) }
    }
  }

  private func prepareThread() {
    guard !threadSetups.isEmpty else { return }
    let own = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
    if dcn_foreign_prepared() == own { return }
    for setup in threadSetups { setup.run() }
    dcn_foreign_set_prepared(own)
  }

  /// The sentence about a product that failed since the last time it was asked, nil when none did.
  func takeFailure() -> String? {
    let code = failure.exchange(0, ordering: .relaxed)
    return code == 0 ? nil : "'\(function.declaration.name)' returned \(code) instead of \(success ?? 0)"
  }

  /// Multiplies small matrices in every form that the kernels use. A mistake in the order of arguments shows here.
  /// - Throws: `ManifestError` when a result is wrong.
  func test() throws {
    let (m, n, k, step) = (3, 5, 4, 7)
    // Matrices have room for any order of the sizes, so that a mistake writes where it is seen.
    let a = (0..<step * step).map { Float($0 % 11) - 5 }
    let b = (0..<step * step).map { Float($0 % 13) - 6 }
    for form in 0..<8 {
      let (transposedA, transposedB, adds) = (form & 1 != 0, form & 2 != 0, form & 4 != 0)
      // What is not added to is not read: NaN must not show.
      var c = [Float](repeating: adds ? 2 : .nan, count: step * step)
      multiply(m: m, n: n, k: k, a, step, transposedA, b, step, transposedB, &c, step, 0.5, adds ? 3 : 0)
      for (index, found) in c.enumerated() {
        let (row, column) = (index / step, index % step)
        let sum = (0..<k).reduce(Float(0)) { sum, inner in
          sum + (transposedA ? a[inner * step + row] : a[row * step + inner])
            * (transposedB ? b[column * step + inner] : b[inner * step + column])
        }
        let expected = row < m && column < n ? 0.5 * sum + (adds ? 6 : 0) : (adds ? 2 : .nan)
        guard found == expected || (found.isNaN && expected.isNaN) else {
          throw ManifestError(
            "'\(function.declaration.name)' does not compute C = alpha A B + beta C with these arguments; check their order and the signature"
          )
        }
      }
    }
    if let failure = takeFailure() { throw ManifestError(failure) }
  }
}
