/// AveragePool and its gradient AverageUnpool.
import CDecoupled
import DecoupledBackendKit

/// By how much the sum of each window is multiplied: 1 / its number of cells.
func windowFactor(_ geometry: PoolingGeometry, _ countsPadding: Bool, _ cells: Int) -> Float {
  if countsPadding { return 1 / Float(geometry.kernelHeight * geometry.kernelWidth) }
  return cells > 0 ? 1 / Float(cells) : 0
}

final class AveragePooling: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let geometry: PoolingGeometry
  private let countsPadding: Bool

  init(_ node: NodeReader) throws {
    x = try node.input(0, rank: 4...4)
    y = try node.output(0, rank: 4...4)
    geometry = try PoolingGeometry(
      node, image: Array(x.shape[2...]), result: Array(y.shape[2...]), allowsCeiling: false)
    try node.require(y.shape[0...1] == x.shape[0...1], "the result has shape \(y.shape)")
    countsPadding = node.flag("count_include_pad")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let channels = self.x.shape[1]
    let group = max(1, RowTasks.target / geometry.inputPixels)
    let total = x.count * channels
    try call.parallelFor((total + group - 1) / group) { index, _ in
      for plane in index * group..<min(total, (index + 1) * group) {
        let (image, channel) = (plane / channels, plane % channels)
        let source = x[image] + channel * geometry.inputPixels
        var target = y[image] + channel * geometry.outputPixels
        for outY in 0..<geometry.outHeight {
          let rows = geometry.rows(outY)
          for outX in 0..<geometry.outWidth {
            let columns = geometry.columns(outX)
            var sum = 0.0
            for row in rows {
              for column in columns { sum += Double(source[row * geometry.width + column]) }
            }
            let cells = rows.count * columns.count
            let count = countsPadding ? geometry.kernelHeight * geometry.kernelWidth : cells
            target.pointee = count > 0 ? Float(sum / Double(count)) : 0
            target += 1
          }
        }
      }
    }
  }
}

final class AverageUnpooling: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let geometry: PoolingGeometry
  private let countsPadding: Bool

  init(_ node: NodeReader) throws {
    x = try node.input(0, rank: 4...4)
    y = try node.output(0, rank: 4...4)
    try node.require(
      Array(y.shape[2...]) == node.requiredList("output_shape", count: 2), "the result has shape \(y.shape)")
    geometry = try PoolingGeometry(
      node, image: Array(y.shape[2...]), result: Array(x.shape[2...]), allowsCeiling: false)
    try node.require(y.shape[0...1] == x.shape[0...1], "the result has shape \(y.shape)")
    countsPadding = node.flag("count_include_pad")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let channels = self.x.shape[1]
    let group = max(1, RowTasks.target / geometry.inputPixels)
    let total = x.count * channels
    try call.parallelFor((total + group - 1) / group) { index, _ in
      for plane in index * group..<min(total, (index + 1) * group) {
        let (image, channel) = (plane / channels, plane % channels)
        var source = x[image] + channel * geometry.outputPixels
        let target = y[image] + channel * geometry.inputPixels
        for i in 0..<geometry.inputPixels { target[i] = 0 }
        for outY in 0..<geometry.outHeight {
          let rows = geometry.rows(outY)
          for outX in 0..<geometry.outWidth {
            let columns = geometry.columns(outX)
            let value = source.pointee * windowFactor(geometry, countsPadding, rows.count * columns.count)
            source += 1
            for row in rows {
              for column in columns { target[row * geometry.width + column] += value }
            }
          }
        }
      }
    }
  }
}
