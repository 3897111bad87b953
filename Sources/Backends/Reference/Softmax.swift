import Glibc

// Softmax along one axis and its gradient.

/// y = exp(x - max) / sum(exp(x - max)).
struct Softmax: RealOperator {
  private let axis: Int

  init(_ attributes: Attributes) throws { axis = try attributes.integer("axis", in: 0...7, default: 1) }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x")
    try operands.require(axis < x.count, "axis \(axis) is not one of the \(x.count) axes of x")
    try operands.expect(.output(0), "y", x)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    let length = x.dims[axis]
    try operands.parallelFor(lines: x.lineCount(along: axis), length: length) { index in
      let input = x.line(index, along: axis)
      let output = y.line(index, along: axis)
      var largest = -Double.infinity
      for k in 0..<length { largest = max(largest, input[k].double) }
      var sum = 0.0
      for k in 0..<length { sum += exp(input[k].double - largest) }
      for k in 0..<length { output[k] = T(exp(input[k].double - largest) / sum) }
    }
  }
}

/// dx = y * (dy - sum(dy * y)).
struct SoftmaxGradient: RealOperator {
  private let axis: Int
  private let isMapped: Bool

  init(_ attributes: Attributes) throws {
    axis = try attributes.integer("axis", in: 0...7, default: 1)
    isMapped = try attributes.flag("mapped")
    if isMapped && axis == 0 { throw attributes.failure("rows mapped to images have no softmax along axis 0") }
  }

  func check(_ operands: Operands) throws {
    let dy = try operands.shape(.input(0), "dy")
    try operands.require(axis < dy.count, "axis \(axis) is not one of the \(dy.count) axes of dy")
    try operands.requireMap(.input(2), isMapped: isMapped)
    try operands.expectPerImage(.input(1), "y", dy, rowToImage: .input(2))
    try operands.expect(.output(0), "dx", dy)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let dy = try operands.view(.input(0), as: T.self)
    let y = try operands.rows(.input(1), by: .input(2), as: T.self)
    let dx = try operands.view(.output(0), as: T.self)
    let length = dy.dims[axis]
    try operands.parallelFor(lines: dy.lineCount(along: axis), length: length) { index in
      let (dy, y, dx) = (dy.line(index, along: axis), y.line(index, along: axis), dx.line(index, along: axis))
      var sum = 0.0
      for k in 0..<length { sum += dy[k].double * y[k].double }
      for k in 0..<length { dx[k] = T(y[k].double * (dy[k].double - sum)) }
    }
  }
}
