/// y = the sum over `axes`, which are dropped from the shape.
struct ReduceSum: RealOperator {
  private let axes: [Int]

  init(_ attributes: Attributes) throws {
    axes = try attributes.integers("axes", in: 0...7).sorted()
    if axes.isEmpty || Set(axes).count < axes.count { throw attributes.failure("axes \(axes) must be distinct axes") }
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x")
    try operands.require(axes.last! < x.count, "axis \(axes.last!) is not one of the \(x.count) axes of x")
    let kept = x.indices.filter { !axes.contains($0) }.map { x[$0] }
    try operands.expect(.output(0), "y", kept.isEmpty ? [1] : kept)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let y = try operands.view(.output(0), as: T.self)
    // x with the kept axes first: each line of the axes summed last belongs to one element of y.
    let kept = x.dims.indices.filter { !axes.contains($0) }
    let sorted = x.permuting(kept + axes)
    let length = y.dims[y.dims.count - 1]
    let count = y.dims.reduce(1, *)
    let linesEach = axes.dropLast().reduce(1) { $0 * x.dims[$1] }
    let size = linesEach * x.dims[axes.last!]

    try operands.parallelFor(lines: count, length: size) { index in
      var sum = 0.0
      for part in 0..<linesEach {
        let line = sorted.line(index * linesEach + part)
        for i in 0..<line.count { sum += line[i].double }
      }
      y.line(index / length)[index % length] = T(sum)
    }
  }
}
