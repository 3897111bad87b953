import Glibc

// Operators whose output i depends on input i only: Relu, Sigmoid, their gradients, Scale, Mul and Add.

extension Operands {
  /// y[i] = function(a[i]).
  @inline(__always)
  fileprivate func map<T: Scalar>(_: T.Type, _ function: (Double) -> Double) throws {
    let a = try view(.input(0), as: T.self).withoutTrailingUnits
    let y = try view(.output(0), as: T.self).withoutTrailingUnits
    let length = y.dims[y.dims.count - 1]
    try parallelFor(lines: y.lineCount(), length: length) { index in
      let (a, y) = (a.line(index), y.line(index))
      for i in 0..<length { y[i] = T(function(a[i].double)) }
    }
  }

  /// y[i] = function(a[i], b[i]), where b may be (per image) with row_to_image as the third input, and broadcast over pixels.
  @inline(__always)
  fileprivate func map<T: Scalar>(
    _: T.Type, isBroadcast: Bool = false, _ function: (Double, Double) -> Double
  ) throws {
    let a = try view(.input(0), as: T.self).withoutTrailingUnits
    let y = try view(.output(0), as: T.self).withoutTrailingUnits
    var b = try rows(.input(1), by: .input(2), as: T.self)
    if isBroadcast { for axis in y.dims.indices.dropFirst(2) { b = b.broadcasting(axis, y.dims[axis]) } }
    b = b.withoutTrailingUnits
    let length = y.dims[y.dims.count - 1]
    try parallelFor(lines: y.lineCount(), length: length) { index in
      let (a, b, y) = (a.line(index), b.line(index), y.line(index))
      for i in 0..<length { y[i] = T(function(a[i].double, b[i].double)) }
    }
  }

  fileprivate func checkOneOperand(_ output: String) throws {
    try expect(.output(0), output, try shape(.input(0), "x"))
  }

  fileprivate func checkTwoOperands(_ first: String, _ second: String, _ output: String) throws {
    let shape = try shape(.input(0), first)
    try expectPerImage(.input(1), second, shape, rowToImage: .input(2))
    try expect(.output(0), output, shape)
  }

  /// The operands of Mul and Add: broadcast, the second has one value for each plane.
  fileprivate func checkPair(isBroadcast: Bool) throws {
    guard isBroadcast else { return try checkTwoOperands("a", "b", "y") }
    let a = try shape(.input(0), "a", rank: 4)
    try expectPerImage(.input(1), "b", [a[0], a[1], 1, 1], rowToImage: .input(2))
    try expect(.output(0), "y", a)
  }
}

/// y = max(x, 0); NaN stays NaN.
struct Relu: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws { try operands.checkOneOperand("y") }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { x in x > 0 || x.isNaN ? x : 0 }
  }
}

/// dx = dy where y > 0, else 0.
struct ReluGradient: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws { try operands.checkTwoOperands("dy", "y", "dx") }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { dy, y in y > 0 ? dy : 0 }
  }
}

/// y = 1 / (1 + exp(-x)).
struct Sigmoid: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws { try operands.checkOneOperand("y") }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { x in 1 / (1 + exp(-x)) }
  }
}

/// dx = dy * y * (1 - y).
struct SigmoidGradient: RealOperator {
  private let isMapped: Bool

  init(_ attributes: Attributes) throws { isMapped = try attributes.flag("mapped") }

  func check(_ operands: Operands) throws {
    try operands.requireMap(.input(2), isMapped: isMapped)
    try operands.checkTwoOperands("dy", "y", "dx")
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { dy, y in dy * y * (1 - y) }
  }
}

/// y = x * min(max(x/6 + 1/2, 0), 1).
struct HardSwish: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws { try operands.checkOneOperand("y") }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { x in x * min(max(x / 6 + 0.5, 0), 1) }
  }
}

/// dx = dy * h with h = 0 where x <= -3, 1 where x >= 3, x/3 + 1/2 between.
struct HardSwishGradient: RealOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws { try operands.checkTwoOperands("dy", "x", "dx") }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { dy, x in dy * (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5) }
  }
}

/// y = factor * x.
struct Scale: RealOperator {
  private let factor: Double

  init(_ attributes: Attributes) throws { factor = try attributes.real("factor") }

  func check(_ operands: Operands) throws { try operands.checkOneOperand("y") }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self) { x in factor * x }
  }
}

/// y = a * b.
struct Mul: RealOperator {
  private let isBroadcast: Bool

  init(_ attributes: Attributes) throws { isBroadcast = try attributes.flag("broadcast") }

  func check(_ operands: Operands) throws { try operands.checkPair(isBroadcast: isBroadcast) }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self, isBroadcast: isBroadcast) { a, b in a * b }
  }
}

/// y = a + b.
struct Add: RealOperator {
  private let isBroadcast: Bool

  init(_ attributes: Attributes) throws { isBroadcast = try attributes.flag("broadcast") }

  func check(_ operands: Operands) throws { try operands.checkPair(isBroadcast: isBroadcast) }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    try operands.map(T.self, isBroadcast: isBroadcast) { a, b in a + b }
  }
}
