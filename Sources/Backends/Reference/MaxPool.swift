import CDecoupled

// MaxPool and MaxUnpool with places within the plane, y*W + x, as int32.

struct MaxPool: RealOperator {
  private let window: Window
  private let ceilMode: Bool

  init(_ attributes: Attributes) throws {
    window = try Window(pool: attributes)
    ceilMode = try attributes.flag("ceil_mode")
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    try operands.require(x[2] > 0 && x[3] > 0, "x is an empty image of \(x[2])x\(x[3])")
    let height = ceilMode ? window.rows.countRoundedUp(x[2]) : window.rows.count(x[2])
    let width = ceilMode ? window.columns.countRoundedUp(x[3]) : window.columns.count(x[3])
    try operands.require(height > 0 && width > 0, "its window is larger than the \(x[2])x\(x[3]) image")
    try operands.require(x[2] * x[3] <= Int(Int32.max), "places in a \(x[2])x\(x[3]) plane do not fit int32")
    let shape = [x[0], x[1], height, width]
    try operands.expect(.output(0), "y", shape)
    try operands.expectOptional(.output(1), "indices", shape, type: Int(DCN_ELEMENT_I32))
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let indices = try operands.optionalView(.output(1), as: Int32.self)
    let (height, width) = (x.dims[2], x.dims[3])

    try operands.parallelFor(y.dims[0] * y.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let image = x.plane(n, c)
      let output = y.plane(n, c)
      let places = indices?.plane(n, c)
      for oy in 0..<y.dims[2] {
        let rows = window.rows.cells(oy, size: height)
        for ox in 0..<y.dims[3] {
          let columns = window.columns.cells(ox, size: width)
          var place = rows.lowerBound * width + columns.lowerBound
          var largest = image[rows.lowerBound, columns.lowerBound]
          for iy in rows {
            for ix in columns {
              let value = image[iy, ix]
              if value > largest || value.isNaN && !largest.isNaN {
                largest = value
                place = iy * width + ix
              }
            }
          }
          output[oy, ox] = largest
          places?[oy, ox] = Int32(place)
        }
      }
    }
  }
}

/// y = 0, then y[indices[i]] = x[i] in row-major order, or += with accumulate.
struct MaxUnpool: RealOperator {
  private let outputShape: [Int]
  private let accumulate: Bool

  init(_ attributes: Attributes) throws {
    outputShape = try attributes.integers("output_shape", count: 2, in: 1...Window.largest)
    accumulate = try attributes.flag("accumulate")
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x", rank: 4)
    try operands.expectPerImage(.input(1), "indices", x, rowToImage: .input(2), type: Int(DCN_ELEMENT_I32))
    try operands.expect(.output(0), "y", [x[0], x[1]] + outputShape)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let indices = try operands.rows(.input(1), by: .input(2), as: Int32.self)
    let y = try operands.view(.output(0), as: T.self)
    let (height, width) = (y.dims[2], y.dims[3])

    try operands.parallelFor(checked: y.dims[0] * y.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: y.dims[1])
      let image = x.plane(n, c)
      let places = indices.plane(n, c)
      let output = y.plane(n, c)
      try withUnsafeTemporaryAllocation(of: Double.self, capacity: height * width) { plane in
        plane.initialize(repeating: 0)
        for iy in 0..<x.dims[2] {
          for ix in 0..<x.dims[3] {
            let place = Int(places[iy, ix])
            guard plane.indices.contains(place) else { throw operands.misplaced(place, height, width) }
            plane[place] = image[iy, ix].double + (accumulate ? plane[place] : 0)
          }
        }
        for oy in 0..<height {
          for ox in 0..<width { output[oy, ox] = T(plane[oy * width + ox]) }
        }
      }
    }
  }
}

/// dx[i] = dy[indices[i]].
struct MaxUnpoolGradient: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws {
    let dy = try operands.shape(.input(0), "dy", rank: 4)
    let dx = try operands.shape(.output(0), "dx", rank: 4)
    try operands.expect(.output(0), "dx", [dy[0], dy[1], dx[2], dx[3]])
    try operands.expectPerImage(.input(1), "indices", dx, rowToImage: .input(2), type: Int(DCN_ELEMENT_I32))
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let dy = try operands.view(.input(0), as: T.self)
    let indices = try operands.rows(.input(1), by: .input(2), as: Int32.self)
    let dx = try operands.view(.output(0), as: T.self)
    let (height, width) = (dy.dims[2], dy.dims[3])

    try operands.parallelFor(checked: dx.dims[0] * dx.dims[1]) { task in
      let (n, c) = task.quotientAndRemainder(dividingBy: dx.dims[1])
      let arriving = dy.plane(n, c)
      let places = indices.plane(n, c)
      let leaving = dx.plane(n, c)
      for y in 0..<dx.dims[2] {
        for x in 0..<dx.dims[3] {
          let place = Int(places[y, x])
          guard 0..<height * width ~= place else { throw operands.misplaced(place, height, width) }
          leaving[y, x] = arriving[place / width, place % width]
        }
      }
    }
  }
}

extension Operands {
  fileprivate func misplaced(_ place: Int, _ height: Int, _ width: Int) -> any Error {
    failure("index \(place) lies outside its plane of \(height)x\(width)")
  }
}
