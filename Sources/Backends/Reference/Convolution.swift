import CDecoupled

// Conv, ConvTranspose and the gradient of Conv with respect to its weight. In all three, tap (i, j) of window (oy, ox)
// meets the image at (oy*sh + i*dh - top, ox*sw + j*dw - left), which is `WindowAxis.position`.

// Channels are cut into `group` parts; below, c counts within the part that the other channel belongs to.

/// y[n,m,oy,ox] = b[m] + sum over c,i,j of w[m,c,i,j] * x[n, c, position(oy,i), position(ox,j)].
struct Conv: RealOperator {
  private let window: Window
  private let group: Int

  init(_ attributes: Attributes) throws {
    window = try Window(attributes)
    group = try attributes.group()
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    let w = try operands.shape(.input(1), "w", rank: 4)
    try operands.require(w[1] * group == x[1], "w takes \(w[1] * group) channels, but x has \(x[1])")
    try operands.require(w[0] % group == 0, "w has \(w[0]) rows, which do not divide into group = \(group)")
    try operands.require(w[2] > 0 && w[3] > 0, "w has an empty kernel")
    try operands.expectOptional(.input(2), "b", [w[0]])
    let window = window.with(kernel: w[2], w[3])
    try operands.expect(.output(0), "y", [x[0], w[0], window.rows.count(x[2]), window.columns.count(x[3])])
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let w = try operands.view(.input(1), as: T.self)
    let bias = try operands.optionalView(.input(2), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let (channels, outputs) = (w.dims[1], w.dims[0] / group)
    let (height, width) = (x.dims[2], x.dims[3])
    let (kernelHeight, kernelWidth) = (w.dims[2], w.dims[3])
    let (outputHeight, outputWidth) = (y.dims[2], y.dims[3])
    let (rows, columns) = (window.rows, window.columns)
    let valid = (0..<kernelWidth).map { columns.windows(tap: $0, size: width, count: outputWidth) }

    try operands.parallelFor(y.dims[0] * y.dims[1]) { task in
      let (n, m) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let output = y.plane(n, m)
      let start = bias.map { $0.line(m)[0].double } ?? 0
      withUnsafeTemporaryAllocation(of: Double.self, capacity: outputWidth) { sums in
        for oy in 0..<outputHeight {
          sums.initialize(repeating: start)
          for c in 0..<channels {
            let image = x.plane(n, m / outputs * channels + c)
            let kernel = w.plane(m, c)
            for i in 0..<kernelHeight {
              let iy = rows.position(oy, i)
              if iy < 0 || iy >= height { continue }
              for j in 0..<kernelWidth {
                let weight = kernel[i, j].double
                for ox in valid[j] { sums[ox] += weight * image[iy, columns.position(ox, j)].double }
              }
            }
          }
          for ox in 0..<outputWidth { output[oy, ox] = T(sums[ox]) }
        }
      }
    }
  }
}

/// y[n,m] = b[m], then y[n, m, position(h,u), position(w,v)] += x[n,c,h,w] * weight[c,m,u,v].
struct ConvTranspose: RealOperator {
  private let window: Window
  private let group: Int
  private let outputPadding: [Int]

  init(_ attributes: Attributes) throws {
    window = try Window(attributes)
    group = try attributes.group()
    outputPadding = try attributes.integers("output_padding", count: 2, in: 0...Window.largest, default: [0, 0])
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    let w = try operands.shape(.input(1), "w", rank: 4)
    try operands.require(w[0] == x[1], "w takes \(w[0]) channels, but x has \(x[1])")
    try operands.require(w[0] % group == 0, "w has \(w[0]) rows, which do not divide into group = \(group)")
    try operands.require(w[2] > 0 && w[3] > 0, "w has an empty kernel")
    try operands.expectOptional(.input(2), "b", [w[1] * group])
    let window = window.with(kernel: w[2], w[3])
    let height = size(window.rows, x[2], outputPadding[0])
    let width = size(window.columns, x[3], outputPadding[1])
    try operands.require(height > 0 && width > 0, "its output would be \(height)x\(width)")
    try operands.expect(.output(0), "y", [x[0], w[1] * group, height, width])
  }

  private func size(_ axis: WindowAxis, _ input: Int, _ padding: Int) -> Int {
    (input - 1) * axis.stride - axis.before - axis.after + axis.dilation * (axis.kernel - 1) + 1 + padding
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let weight = try operands.view(.input(1), as: T.self)
    let bias = try operands.optionalView(.input(2), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let (channels, outputs) = (x.dims[1] / group, weight.dims[1])
    let (height, width) = (x.dims[2], x.dims[3])
    let (kernelHeight, kernelWidth) = (weight.dims[2], weight.dims[3])
    let (outputHeight, outputWidth) = (y.dims[2], y.dims[3])
    let (rows, columns) = (window.rows, window.columns)
    let validRows = (0..<kernelHeight).map { rows.windows(tap: $0, size: outputHeight, count: height) }
    let validColumns = (0..<kernelWidth).map { columns.windows(tap: $0, size: outputWidth, count: width) }

    try operands.parallelFor(y.dims[0] * y.dims[1]) { task in
      let (n, m) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let output = y.plane(n, m)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: outputHeight * outputWidth) { sums in
        sums.initialize(repeating: bias.map { $0.line(m)[0].double } ?? 0)
        for c in 0..<channels {
          let image = x.plane(n, m / outputs * channels + c)
          let kernel = weight.plane(m / outputs * channels + c, m % outputs)
          for u in 0..<kernelHeight {
            for v in 0..<kernelWidth {
              let factor = kernel[u, v].double
              for h in validRows[u] {
                let row = rows.position(h, u) &* outputWidth
                for w in validColumns[v] {
                  sums[row &+ columns.position(w, v)] += factor * image[h, w].double
                }
              }
            }
          }
        }
        for oy in 0..<outputHeight {
          for ox in 0..<outputWidth { output[oy, ox] = T(sums[oy &* outputWidth &+ ox]) }
        }
      }
    }
  }
}

/// dw[m,c,i,j] = sum over n,oy,ox of dy[n,m,oy,ox] * x[n, c, position(oy,i), position(ox,j)].
struct ConvWeightGradient: RealOperator {
  private let window: Window
  private let group: Int

  init(_ attributes: Attributes) throws {
    window = try Window(kernelShape: attributes)
    group = try attributes.group()
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    let dy = try operands.shape(.input(1), "dy", rank: 4)
    try operands.expect(.input(1), "dy", [x[0], dy[1], window.rows.count(x[2]), window.columns.count(x[3])])
    try operands.require(
      x[1] % group == 0 && dy[1] % group == 0,
      "\(x[1]) and \(dy[1]) channels do not divide into group = \(group)")
    try operands.expect(.output(0), "dw", [dy[1], x[1] / group, window.rows.kernel, window.columns.kernel])
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let dy = try operands.view(.input(1), as: T.self)
    let dw = try operands.view(.output(0), as: T.self)
    let (channels, outputs) = (dw.dims[1], dw.dims[0] / group)
    let (height, width) = (x.dims[2], x.dims[3])
    let (outputHeight, outputWidth) = (dy.dims[2], dy.dims[3])
    let (rows, columns) = (window.rows, window.columns)

    try operands.parallelFor(dw.dims[0] * dw.dims[1]) { task in
      let (m, c) = task.quotientAndRemainder(dividingBy: dw.dims[1])
      let gradient = dw.plane(m, c)
      for i in 0..<rows.kernel {
        let validRows = rows.windows(tap: i, size: height, count: outputHeight)
        for j in 0..<columns.kernel {
          let validColumns = columns.windows(tap: j, size: width, count: outputWidth)
          var sum = 0.0
          for n in 0..<x.dims[0] {
            let image = x.plane(n, m / outputs * channels + c)
            let arriving = dy.plane(n, m)
            for oy in validRows {
              let iy = rows.position(oy, i)
              for ox in validColumns { sum += arriving[oy, ox].double * image[iy, columns.position(ox, j)].double }
            }
          }
          gradient[i, j] = T(sum)
        }
      }
    }
  }
}
