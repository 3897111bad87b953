/// Softmax along one axis, and its gradient. The elements of one distribution are `step` apart; neighbouring
/// distributions are handled eight at a time where the axis is not the last one.
import CDecoupled
import DecoupledBackendKit

/// A tensor seen as [outer, count, inner] with the axis in the middle.
private struct Lines {
  let axis: Int
  let inner: Int
  private let outerOfRow: Int
  private let countOfRow: Int

  init(shape: [Int], axis: Int) {
    self.axis = axis
    inner = shape[(axis + 1)...].reduce(1, *)
    outerOfRow = axis == 0 ? 1 : shape[1..<axis].reduce(1, *)
    countOfRow = shape[axis]
  }

  func outer(rows: Int) -> Int { axis == 0 ? 1 : rows * outerOfRow }
  func count(rows: Int) -> Int { axis == 0 ? rows : countOfRow }
  func step(_ tensor: Rows<Float>) -> Int { axis == 0 ? tensor.stride : inner }
  func start(
    _ tensor: Rows<Float>, _ outer: Int, _ map: UnsafeMutablePointer<Int32>? = nil
  ) -> UnsafeMutablePointer<Float> {
    if axis == 0 { return tensor.base }
    let row = outer / outerOfRow
    return tensor[map.map { Int($0[row]) } ?? row] + outer % outerOfRow * countOfRow * inner
  }

  /// Pieces of the inner index, so that a task has about 32768 elements.
  func tasks(rows: Int) -> RowTasks {
    RowTasks(rows: outer(rows: rows), length: inner, target: max(64, RowTasks.target / count(rows: rows)))
  }
}

final class Softmax: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let lines: Lines

  init(_ node: NodeReader) throws {
    x = try node.input(0)
    y = try node.output(0)
    try node.require(x.shape == y.shape, "shapes \(x.shape) and \(y.shape) differ")
    lines = Lines(shape: x.shape, axis: try node.axis(rank: x.shape.count))
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let count = lines.count(rows: x.count)
    let (step, target) = (lines.step(x), lines.step(y))
    let tasks = lines.tasks(rows: x.count)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { outer, start, length in
        let source = lines.start(x, outer) + start
        let result = lines.start(y, outer) + start
        vectors(length) { i in
          var largest = load8(source + i)
          for k in 1..<max(1, count) {
            let value = load8(source + (k * step + i))
            largest.replace(with: value, where: value .> largest)
          }
          var sum = SIMD8<Float>()
          for k in 0..<count {
            let value = exponential(load8(source + (k * step + i)) - largest)
            sum += value
            store8(value, result + (k * target + i))
          }
          for k in 0..<count { store8(load8(result + (k * target + i)) / sum, result + (k * target + i)) }
        } rest: { i in
          var largest = source[i]
          for k in 1..<max(1, count) where source[k * step + i] > largest { largest = source[k * step + i] }
          var sum: Float = 0
          for k in 0..<count {
            let value = exponential(source[k * step + i] - largest)
            sum += value
            result[k * target + i] = value
          }
          for k in 0..<count { result[k * target + i] /= sum }
        }
      }
    }
  }
}

final class SoftmaxGradient: SwiftKernel {
  private let dy: Operand
  private let y: Operand
  private let map: Operand?
  private let dx: Operand
  private let lines: Lines

  init(_ node: NodeReader) throws {
    dy = try node.input(0)
    y = try node.input(1)
    map = try node.mappedRows(2, rows: dy.rows)
    dx = try node.output(0)
    let axis = try node.axis(rank: dy.shape.count)
    try node.require(
      y.shape.count == dy.shape.count && y.shape[1...] == dy.shape[1...] && dx.shape == dy.shape
        && (map == nil ? y.rows == dy.rows : axis > 0), "shapes \(dy.shape), \(y.shape), \(dx.shape) differ")
    lines = Lines(shape: dy.shape, axis: axis)
  }

  func run(_ call: KernelCall) throws {
    let dy: Rows<Float> = try call.input(self.dy)
    let y: Rows<Float> = try call.input(self.y)
    let dx: Rows<Float> = try call.output(self.dx)
    try call.requireBatch(dy.count, dx.count, layer: self.dy.layer)
    let map = try call.rowMap(self.map, rows: dy.count, images: y.count, layer: self.dy.layer)
    let count = lines.count(rows: dy.count)
    let (stepDy, stepY, stepDx) = (lines.step(dy), lines.step(y), lines.step(dx))
    let tasks = lines.tasks(rows: dy.count)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { outer, start, length in
        let gradient = lines.start(dy, outer) + start
        let source = lines.start(y, outer, map) + start
        let result = lines.start(dx, outer) + start
        vectors(length) { i in
          var sum = SIMD8<Float>()
          for k in 0..<count { sum += load8(gradient + (k * stepDy + i)) * load8(source + (k * stepY + i)) }
          for k in 0..<count {
            store8(
              load8(source + (k * stepY + i)) * (load8(gradient + (k * stepDy + i)) - sum), result + (k * stepDx + i))
          }
        } rest: { i in
          var sum: Float = 0
          for k in 0..<count { sum += gradient[k * stepDy + i] * source[k * stepY + i] }
          for k in 0..<count {
            result[k * stepDx + i] = source[k * stepY + i] * (gradient[k * stepDy + i] - sum)
          }
        }
      }
    }
  }
}
