/// Mul and Add with the attribute `broadcast`: the second operand is [N, C, 1, 1], one value for all pixels of a plane.
import CDecoupled
import DecoupledBackendKit

protocol BroadcastLoop: BinaryLoop {
  static func run(_ a: UnsafePointer<Float>, _ b: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int)
}

final class BroadcastKernel<Loop: BroadcastLoop>: SwiftKernel {
  private let a: Operand
  private let b: Operand
  private let map: Operand?
  private let y: Operand

  /// This kernel, or the one for operands of one shape.
  static func kernel(_ node: NodeReader) throws -> any SwiftKernel {
    node.flag("broadcast") ? try BroadcastKernel(node) : try BinaryKernel<Loop>(node)
  }

  private init(_ node: NodeReader) throws {
    a = try node.input(0, rank: 4...4, layout: node.commonLayout)
    // Without pixels the order of the elements is the same in both layouts.
    let layouts = node.node.inputOperands.map { Int($0.tensor.layout) }
    b = try node.input(1, rank: 4...4, layout: layouts.count > 1 ? layouts[1] : Int(DCN_LAYOUT_NCHW))
    map = try node.rowMap(2, rows: a.rows)
    y = try node.output(0, rank: 4...4, layout: node.commonLayout)
    try node.require(
      a.shape == y.shape && a.shape[1] == b.shape[1] && b.planeLength == 1 && (map != nil || a.rows == b.rows),
      "shapes \(a.shape), \(b.shape) and \(y.shape) do not fit each other")
  }

  func run(_ call: KernelCall) throws {
    let a: Rows<Float> = try call.input(self.a)
    let b: Rows<Float> = try call.input(self.b)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(a.count, y.count, layer: self.a.layer)
    let map = try call.rowMap(self.map, rows: a.count, images: b.count, layer: self.a.layer)
    let (channels, pixels) = (self.a.shape[1], self.a.planeLength)
    if Int(self.a.layout) == Int(DCN_LAYOUT_NHWC) {
      let tasks = RowTasks(rows: a.count * pixels, length: channels)
      try call.parallelFor(tasks.count) { index, _ in
        tasks.each(index) { line, start, count in
          let (row, offset) = (line / pixels, line % pixels * channels + start)
          Loop.run(a[row] + offset, b[map.map { Int($0[row]) } ?? row] + start, y[row] + offset, count)
        }
      }
    } else {
      let tasks = RowTasks(rows: a.count * channels, length: pixels)
      try call.parallelFor(tasks.count) { index, _ in
        tasks.each(index) { plane, start, count in
          let (row, channel) = (plane / channels, plane % channels)
          let offset = channel * pixels + start
          Loop.run(a[row] + offset, b[map.map { Int($0[row]) } ?? row][channel], y[row] + offset, count)
        }
      }
    }
  }
}
