import CDecoupled

// Concat, Slice, Gather and Convert: elements change their place, never their value, so any element type will do.

extension Operands {
  /// target[i] = source[i] for views of one shape.
  fileprivate func copy<T>(_ source: View<T>, _ target: View<T>) throws {
    let (from, to) = (source.withoutTrailingUnits, target.withoutTrailingUnits)
    let length = to.dims[to.dims.count - 1]
    try parallelFor(lines: to.lineCount(), length: length) { index in
      let (from, to) = (from.line(index), to.line(index))
      for i in 0..<length { to[i] = from[i] }
    }
  }
}

/// Inputs joined along an axis; operands with a flag in `mapped` are (per image) and the last input is row_to_image.
struct Concat: MovingOperator {
  private let axis: Int
  private let mapped: [Bool]?

  init(_ attributes: Attributes) throws {
    axis = try attributes.integer("axis", in: 0...7, default: 1)
    let flags = try attributes.integers("mapped", in: 0...1, default: [])
    mapped = flags.isEmpty ? nil : flags.map { $0 == 1 }
    if axis == 0 && mapped != nil {
      throw attributes.failure("operands mapped to images cannot be joined along axis 0")
    }
  }

  func check(_ operands: Operands) throws {
    let count = joinedCount(operands)
    try operands.require(
      mapped == nil || mapped!.count == count, "mapped has \(mapped?.count ?? 0) flags for \(count) joined operands")
    let y = try operands.shape(.output(0), "y")
    try operands.require(axis < y.count, "axis \(axis) is not one of the \(y.count) axes of y")
    var length = 0
    for index in 0..<count {
      let name = "operand \(index)"
      let found = try operands.shape(.input(index), name, rank: y.count)
      var expected = y
      expected[axis] = found[axis]
      length += found[axis]
      if mapped?[index] == true {
        try operands.require(operands.has(.input(count)), "row_to_image is missing")
        try operands.expectPerImage(.input(index), name, expected, rowToImage: .input(count))
      } else {
        try operands.expect(.input(index), name, expected)
      }
    }
    try operands.require(length == y[axis], "its inputs have \(length) elements along axis \(axis), y has \(y[axis])")
  }

  private func joinedCount(_ operands: Operands) -> Int { operands.inputCount - (mapped == nil ? 0 : 1) }

  func run<T>(_ operands: Operands, _: T.Type) throws {
    let y = try operands.view(.output(0), as: T.self)
    let count = joinedCount(operands)
    var start = 0
    for index in 0..<count {
      let x =
        mapped?[index] == true
        ? try operands.rows(.input(index), by: .input(count), as: T.self) : try operands.view(.input(index), as: T.self)
      let end = start + x.dims[axis]
      try operands.copy(x, y.slicing(axis, start, end))
      start = end
    }
  }
}

/// y = x[..., start:end, ...].
struct Slice: MovingOperator {
  private let axis: Int
  private let start: Int
  private let end: Int

  init(_ attributes: Attributes) throws {
    axis = try attributes.integer("axis", in: 0...7)
    start = try attributes.integer("start", in: 0...Int(Int32.max))
    end = try attributes.integer("end", in: 0...Int(Int32.max))
    if end < start { throw attributes.failure("end \(end) lies before start \(start)") }
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x")
    try operands.require(axis < x.count, "axis \(axis) is not one of the \(x.count) axes of x")
    try operands.require(end <= x[axis], "end \(end) lies behind the \(x[axis]) elements along axis \(axis)")
    var y = x
    y[axis] = end - start
    try operands.expect(.output(0), "y", y)
  }

  func run<T>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    try operands.copy(x.slicing(axis, start, end), try operands.view(.output(0)))
  }
}

/// y[r] = x[indices[r]].
struct Gather: MovingOperator {
  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws {
    let y = try operands.shape(.output(0), "y")
    try operands.require(operands.has(.input(1)), "indices are missing")
    try operands.expectPerImage(.input(0), "x", y, rowToImage: .input(1))
  }

  func run<T>(_ operands: Operands, _: T.Type) throws {
    try operands.copy(try operands.rows(.input(0), by: .input(1), as: T.self), try operands.view(.output(0)))
  }
}

/// y = x in another layout.
struct Convert: MovingOperator {
  static let layouts: Set<Int32> = [Int32(DCN_LAYOUT_NCHW), Int32(DCN_LAYOUT_NHWC)]

  init(_ attributes: Attributes) {}

  func check(_ operands: Operands) throws {
    try operands.expect(.output(0), "y", try operands.shape(.input(0), "x", rank: 4))
  }

  func run<T>(_ operands: Operands, _: T.Type) throws {
    try operands.copy(try operands.view(.input(0), as: T.self), try operands.view(.output(0)))
  }
}
