/// The matrices of Winograd's convolution with 3x3 kernels, each as the sums it stands for. In one dimension,
/// y = A^T ((G w) * (B^T x)): `points` products give `outputs` results. In two, each matrix is applied to both sides.
///
/// Each function reads its elements by `load`, writes each result by `store`, and is inlined with vectors of channels.
import DecoupledBackendKit

protocol WinogradForm {
  /// Results of a tile along one side.
  static var outputs: Int { get }
  /// Inputs of a tile along one side: outputs + 2.
  static var points: Int { get }
  /// B^T x: points from points.
  static func input<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float
  /// A^T m: outputs from points.
  static func output<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float
  /// G w: points from 3.
  static func weights<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float
}

extension WinogradForm {
  /// Products of a tile.
  @inline(__always) static var frequencies: Int { points * points }

  static func algorithm(_ name: StaticString) -> KernelAlgorithm {
    KernelAlgorithm(name, workShare: Double(frequencies) / Double(9 * outputs * outputs))
  }
}

/// F(4x4, 3x3), points 0, 1, -1, 2, -2 and infinity: 36 products for 16 results, where the direct form takes 144.
enum Winograd4: WinogradForm {
  @inline(__always) static var outputs: Int { 4 }
  @inline(__always) static var points: Int { 6 }

  @inline(__always) static func input<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float {
    let (x0, x1, x2, x3, x4, x5) = (load(0), load(1), load(2), load(3), load(4), load(5))
    let (four, five, two) = (V(repeating: 4), V(repeating: 5), V(repeating: 2))
    store(0, multiplyAdd(multiplyAdd(x4, x0, four), x2, -five))
    let (even, odd) = (multiplyAdd(x4, x2, -four), multiplyAdd(x3, x1, -four))
    store(1, even + odd)
    store(2, even - odd)
    let (outer, inner) = (x4 - x2, (x3 - x1) * two)
    store(3, outer + inner)
    store(4, outer - inner)
    store(5, multiplyAdd(multiplyAdd(x5, x1, four), x3, -five))
  }

  @inline(__always) static func output<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float {
    let (m1, m2, m3, m4) = (load(1), load(2), load(3), load(4))
    let (sum1, difference1, sum2, difference2) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4)
    store(0, load(0) + sum1 + sum2)
    store(1, multiplyAdd(difference1, difference2, V(repeating: 2)))
    store(2, multiplyAdd(sum1, sum2, V(repeating: 4)))
    store(3, multiplyAdd(difference1 + load(5), difference2, V(repeating: 8)))
  }

  @inline(__always) static func weights<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void)
  where V.Scalar == Float {
    let (w0, w1, w2) = (load(0), load(1), load(2))
    store(0, w0 * V(repeating: 0.25))
    let outer = (w0 + w2) * V(repeating: -1 / 6)
    store(1, outer - w1 * V(repeating: 1 / 6))
    store(2, outer + w1 * V(repeating: 1 / 6))
    let scaled = w0 * V(repeating: 1 / 24) + w2 * V(repeating: 1 / 6)
    store(3, scaled + w1 * V(repeating: 1 / 12))
    store(4, scaled - w1 * V(repeating: 1 / 12))
    store(5, w2)
  }

  /// A y: points from outputs, for the gradient with respect to the weights.
  @inline(__always) static func gradient<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void)
  where V.Scalar == Float {
    let (y0, y1, y2, y3) = (load(0), load(1), load(2), load(3))
    store(0, y0)
    let (even, odd) = (y0 + y2, y1 + y3)
    store(1, even + odd)
    store(2, even - odd)
    let evenScaled = multiplyAdd(y0, y2, V(repeating: 4))
    let oddScaled = multiplyAdd(y1, y3, V(repeating: 4)) * V(repeating: 2)
    store(3, evenScaled + oddScaled)
    store(4, evenScaled - oddScaled)
    store(5, y3)
  }

  /// G^T d: 3 from points, for the gradient with respect to the weights.
  @inline(__always) static func weightGradient<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void)
  where V.Scalar == Float {
    let (d1, d2, d3, d4) = (load(1), load(2), load(3), load(4))
    let (sum1, sum2) = ((d1 + d2) * V(repeating: -1 / 6), d3 + d4)
    store(0, load(0) * V(repeating: 0.25) + sum1 + sum2 * V(repeating: 1 / 24))
    store(1, (d2 - d1) * V(repeating: 1 / 6) + (d3 - d4) * V(repeating: 1 / 12))
    store(2, sum1 + sum2 * V(repeating: 1 / 6) + load(5))
  }
}

/// F(6x6, 3x3), points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity: 64 products for 36 results, where the direct form takes
/// 324. Rows of A^T and G that belong to 1/2 are scaled by 32, so that A^T holds whole numbers.
enum Winograd6: WinogradForm {
  @inline(__always) static var outputs: Int { 6 }
  @inline(__always) static var points: Int { 8 }

  @inline(__always) static func input<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float {
    let (x1, x2, x3, x4, x5, x6) = (load(1), load(2), load(3), load(4), load(5), load(6))
    store(0, multiplyAdd(load(0) - x6, x4 - x2, V(repeating: 5.25)))
    store(7, multiplyAdd(load(7) - x1, x3 - x5, V(repeating: 5.25)))
    var even = multiplyAdd(x2 + x6, x4, V(repeating: -4.25))
    var odd = multiplyAdd(x1 + x5, x3, V(repeating: -4.25))
    store(1, even + odd)
    store(2, even - odd)
    even = multiplyAdd(multiplyAdd(x6, x2, V(repeating: 0.25)), x4, V(repeating: -1.25))
    odd = multiplyAdd(multiplyAdd(x1 * V(repeating: 0.5), x3, V(repeating: -2.5)), x5, V(repeating: 2))
    store(3, even + odd)
    store(4, even - odd)
    even = multiplyAdd(multiplyAdd(x6, x2, V(repeating: 4)), x4, V(repeating: -5))
    odd = multiplyAdd(multiplyAdd(x5 * V(repeating: 0.5), x3, V(repeating: -2.5)), x1, V(repeating: 2))
    store(5, even + odd)
    store(6, even - odd)
  }

  @inline(__always) static func output<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void) where V.Scalar == Float {
    let (m1, m2, m3, m4, m5, m6) = (load(1), load(2), load(3), load(4), load(5), load(6))
    let (sum1, sum2, sum3) = (m1 + m2, m3 + m4, m5 + m6)
    let (difference1, difference2, difference3) = (m1 - m2, m3 - m4, m5 - m6)
    store(0, multiplyAdd(load(0) + sum1 + sum2, sum3, V(repeating: 32)))
    store(2, multiplyAdd(multiplyAdd(sum1, sum2, V(repeating: 4)), sum3, V(repeating: 8)))
    store(4, multiplyAdd(multiplyAdd(sum1, sum2, V(repeating: 16)), sum3, V(repeating: 2)))
    store(1, multiplyAdd(multiplyAdd(difference1, difference2, V(repeating: 2)), difference3, V(repeating: 16)))
    store(3, multiplyAdd(multiplyAdd(difference1, difference2, V(repeating: 8)), difference3, V(repeating: 4)))
    store(5, multiplyAdd(load(7) + difference1 + difference3, difference2, V(repeating: 32)))
  }

  @inline(__always) static func weights<V: SIMD>(_ load: (Int) -> V, _ store: (Int, V) -> Void)
  where V.Scalar == Float {
    let (w0, w1, w2) = (load(0), load(1), load(2))
    store(0, w0)
    let outer = (w0 + w2) * V(repeating: -2 / 9)
    store(1, outer - w1 * V(repeating: 2 / 9))
    store(2, outer + w1 * V(repeating: 2 / 9))
    let wide = w0 * V(repeating: 1 / 90) + w2 * V(repeating: 2 / 45)
    store(3, wide + w1 * V(repeating: 1 / 45))
    store(4, wide - w1 * V(repeating: 1 / 45))
    let narrow = w0 * V(repeating: 1 / 45) + w2 * V(repeating: 1 / 180)
    store(5, narrow + w1 * V(repeating: 1 / 90))
    store(6, narrow - w1 * V(repeating: 1 / 90))
    store(7, w2)
  }
}
