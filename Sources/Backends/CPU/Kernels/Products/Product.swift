/// The matrix product, `C = alpha * A * B + beta * C` for row-major float32 matrices, on the calling thread.
///
/// A block of B that the third-level cache holds is copied into panels of 16 columns, a block of A that the second-level
/// cache holds into groups of rows; each panel then meets all groups from the first-level cache. With few rows the copies
/// would cost more than the product: B is then read in place.

enum Product {
  private static let depthBlock = 256
  private static let rowBlock = 144
  private static let columnBlock = 1024

  /// A is [m, k] or, transposed, stored as [k, m]; B is [k, n] or stored as [n, k]; C is [m, n].
  static func run(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ aStep: Int, transposedA: Bool = false,
    _ b: UnsafePointer<Float>, _ bStep: Int, transposedB: Bool = false, _ c: UnsafeMutablePointer<Float>, _ cStep: Int,
    alpha: Float = 1, beta: Float
  ) {
    guard m > 0, n > 0 else { return }
    if k <= 0 || (beta != 0 && beta != 1) { scale(c, cStep, rows: m, columns: n, by: beta) }
    guard k > 0 else { return }
    let copiesA = transposedA || alpha != 1 || n >= 128
    let copiesB = transposedB || m > 2 * MicroKernel.rows
    let slices = (k + depthBlock - 1) / depthBlock
    let scratch = Scratch.floats(depthBlock * (rowBlock + columnBlock + 16))
    let packedA = scratch
    let packedB = scratch + depthBlock * rowBlock
    for firstColumn in stride(from: 0, to: n, by: columnBlock) {
      let columns = min(columnBlock, n - firstColumn)
      for slice in 0..<slices {
        let firstDepth = slice * k / slices
        let depth = (slice + 1) * k / slices - firstDepth
        let sourceB = transposedB ? b + (firstColumn * bStep + firstDepth) : b + (firstDepth * bStep + firstColumn)
        let inPlace = copiesB ? 0 : columns & ~15
        packPanels(
          transposedB ? sourceB + inPlace * bStep : sourceB + inPlace, bStep, isTransposed: transposedB, depth: depth,
          columns: columns - inPlace, into: packedB)
        let blocks = (m + rowBlock - 1) / rowBlock
        for block in 0..<blocks {
          let firstRow = block * m / blocks
          let rows = (block + 1) * m / blocks - firstRow
          var left = Left(
            start: transposedA ? a + (firstDepth * aStep + firstRow) : a + (firstRow * aStep + firstDepth), step: aStep)
          if copiesA {
            packRows(left.start, aStep, isTransposed: transposedA, rows: rows, depth: depth, alpha, into: packedA)
            left = Left(start: packedA, step: nil)
          }
          let target = c + (firstRow * cStep + firstColumn)
          let adds = slice > 0 || beta != 0
          let (whole, packed) = (inPlace / 16, columns / 16 - inPlace / 16)
          left.multiply(
            rows, depth, Panels(sourceB, step: 16, depthStep: bStep, count: whole), target, cStep, adds: adds)
          left.multiply(
            rows, depth, Panels(packedB, step: depth * 16, count: packed), target + inPlace, cStep, adds: adds)
          if columns & 15 != 0 {
            left.multiplyLast(
              rows, depth, Panels(packedB + packed * 16 * depth), target + (columns & ~15), cStep,
              columns: columns & 15, adds: adds)
          }
        }
      }
    }
  }

  /// A block of A: in place with a step between its rows, or copied into groups.
  private struct Left {
    var start: UnsafePointer<Float>
    var step: Int?

    @inline(__always) func multiply(
      _ rows: Int, _ depth: Int, _ panels: Panels, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, adds: Bool
    ) {
      if let step {
        MicroKernel.multiply(rows: rows, depth: depth, start, step, panels, c, cStep, adds: adds)
      } else {
        MicroKernel.multiply(rows: rows, depth: depth, groupsOf: start, panels, c, cStep, adds: adds)
      }
    }

    /// The last columns, fewer than 16, go by a buffer of full width.
    func multiplyLast(
      _ rows: Int, _ depth: Int, _ panel: Panels, _ c: UnsafeMutablePointer<Float>, _ cStep: Int, columns: Int,
      adds: Bool
    ) {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: rowBlock * 16) { buffer in
        let tile = buffer.baseAddress!
        if adds {
          for row in 0..<rows { for i in 0..<columns { tile[row * 16 + i] = c[row * cStep + i] } }
          for row in 0..<rows { for i in columns..<16 { tile[row * 16 + i] = 0 } }
        }
        multiply(rows, depth, panel, tile, 16, adds: adds)
        for row in 0..<rows { for i in 0..<columns { c[row * cStep + i] = tile[row * 16 + i] } }
      }
    }
  }

  /// [rows, depth] into groups of rows, each as [depth][rows of the group], times alpha.
  private static func packRows(
    _ a: UnsafePointer<Float>, _ step: Int, isTransposed: Bool, rows: Int, depth: Int, _ alpha: Float,
    into packed: UnsafeMutablePointer<Float>
  ) {
    MicroKernel.eachGroup(rows) { first, count in
      let target = packed + first * depth
      if isTransposed {
        for i in 0..<depth {
          let source = a + (i * step + first)
          for row in 0..<count { target[i * count + row] = alpha * source[row] }
        }
      } else {
        for row in 0..<count {
          let source = a + (first + row) * step
          for i in 0..<depth { target[i * count + row] = alpha * source[i] }
        }
      }
    }
  }

  /// [depth, columns] into panels of 16 columns, the last one filled up with zeros.
  static func packPanels(
    _ b: UnsafePointer<Float>, _ step: Int, isTransposed: Bool, depth: Int, columns: Int,
    into packed: UnsafeMutablePointer<Float>
  ) {
    for first in stride(from: 0, to: columns, by: 16) {
      let target = packed + first * depth
      let count = min(16, columns - first)
      if isTransposed {
        packTransposed(b + first * step, step, depth: depth, columns: count, into: target)
      } else if count == 16 {
        for i in 0..<depth { store16(load16(b + (i * step + first)), target + i * 16) }
      } else {
        for i in 0..<depth {
          for column in 0..<16 { target[i * 16 + column] = column < count ? b[i * step + first + column] : 0 }
        }
      }
    }
  }

  private static func packTransposed(
    _ b: UnsafePointer<Float>, _ step: Int, depth: Int, columns: Int, into target: UnsafeMutablePointer<Float>
  ) {
    for column in 0..<16 {
      if column < columns {
        let source = b + column * step
        for i in 0..<depth { target[i * 16 + column] = source[i] }
      } else {
        for i in 0..<depth { target[i * 16 + column] = 0 }
      }
    }
  }

  private static func scale(_ c: UnsafeMutablePointer<Float>, _ step: Int, rows: Int, columns: Int, by beta: Float) {
    for row in 0..<rows {
      let target = c + row * step
      if beta == 0 {
        for i in 0..<columns { target[i] = 0 }
      } else {
        for i in 0..<columns { target[i] *= beta }
      }
    }
  }
}
