/// Gemm. The result is cut into blocks by shape; each starts from its part of C.
///
/// A row of the result may differ in its last bits with the number of rows beside it, because OpenBLAS rounds differently
/// near the edges of a product. Layers whose rows must not depend on their neighbours are convolutions here.
import CDecoupled
import DecoupledBackendKit

final class MatrixProduct: SwiftKernel {
  private let a: Operand
  private let b: Operand
  private let c: Operand?
  private let y: Operand
  private let transposesA: Bool
  private let transposesB: Bool
  private let alpha: Float
  private let beta: Float
  /// Whether C has a value for each column, and whether it has one for each row.
  private let variesByColumn: Bool
  private let variesByRow: Bool
  private let blockRows = 256
  private let blockColumns = 256

  init(_ node: NodeReader) throws {
    a = try node.input(0, rank: 2...2)
    b = try node.input(1, rank: 2...2)
    c = try node.optionalInput(2, rank: 1...2)
    y = try node.output(0, rank: 2...2)
    transposesA = node.flag("transA")
    transposesB = node.flag("transB")
    alpha = Float(node.node.real("alpha", default: 1))
    beta = Float(node.node.real("beta", default: 1))
    let (m, k) = transposesA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (rows, n) = transposesB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    try node.require(k == rows, "matrices \(a.shape) and \(b.shape) do not fit each other")
    try node.require(y.shape == [m, n], "the result has shape \(y.shape) instead of \([m, n])")
    if let c {
      let (height, width) = c.shape.count == 1 ? (1, c.shape[0]) : (c.shape[0], c.shape[1])
      try node.require((height == 1 || height == m) && (width == 1 || width == n), "C has shape \(c.shape)")
      variesByColumn = width == n && n > 1
      variesByRow = height == m && m > 1
    } else {
      variesByColumn = false
      variesByRow = false
    }
  }

  func run(_ call: KernelCall) throws {
    let a: Rows<Float> = try call.input(self.a)
    let b: Rows<Float> = try call.input(self.b)
    let c: Rows<Float>? = try call.input(self.c)
    let y: Rows<Float> = try call.output(self.y)
    let (m, k) = transposesA ? (a.length, a.count) : (a.count, a.length)
    let (inner, n) = transposesB ? (b.length, b.count) : (b.count, b.length)
    try call.requireBatch(k, inner, layer: self.y.layer)
    try call.requireBatch(m, y.count, layer: self.y.layer)
    try call.requireBatch(n, y.length, layer: self.y.layer)
    if variesByRow, let c { try call.requireBatch(m, c.count, layer: self.y.layer) }
    let columnBlocks = (n + blockColumns - 1) / blockColumns
    let rowBlocks = (m + blockRows - 1) / blockRows
    try call.parallelFor(rowBlocks * columnBlocks) { index, _ in
      let (i, j) = (index / columnBlocks * blockRows, index % columnBlocks * blockColumns)
      let (height, width) = (min(blockRows, m - i), min(blockColumns, n - j))
      if let c {
        for row in i..<i + height {
          let source = c.base + ((variesByRow ? row * c.stride : 0) + (variesByColumn ? j : 0))
          let target = y[row] + j
          if variesByColumn {
            for column in 0..<width { target[column] = beta * source[column] }
          } else {
            let value = beta * source[0]
            for column in 0..<width { target[column] = value }
          }
        }
      }
      Product.run(
        m: height, n: width, k: k, a.base + (transposesA ? i : i * a.stride), a.stride, transposedA: transposesA,
        b.base + (transposesB ? j * b.stride : j), b.stride, transposedB: transposesB, y[i] + j, y.stride, alpha: alpha,
        beta: c == nil ? 0 : 1)
    }
  }
}
