/// AveragePool and its gradient AverageUnpool, where an operand is channels-last. The networks here pool small maps of
/// scores, so plain loops do.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastAveragePooling: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let geometry: PoolingGeometry
  private let countsPadding: Bool

  init(_ node: NodeReader) throws {
    x = try node.image(0)
    y = try node.resultImage(0)
    geometry = try PoolingGeometry(
      node, image: Array(x.shape[2...]), result: Array(y.shape[2...]), allowsCeiling: false)
    try node.require(y.shape[0...1] == x.shape[0...1], "the result has shape \(y.shape)")
    countsPadding = node.flag("count_include_pad")
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let (from, to) = (self.x.steps, self.y.steps)
    let channels = self.x.shape[1]
    let tasks = PixelTasks(
      images: x.count, pixels: geometry.outputPixels, length: geometry.kernelHeight * geometry.kernelWidth * channels)
    try call.parallelFor(tasks.count) { index, _ in
      let (source, target) = (x[tasks.image(index)], y[tasks.image(index)])
      for pixel in tasks.range(index) {
        let rows = geometry.rows(pixel / geometry.outWidth)
        let columns = geometry.columns(pixel % geometry.outWidth)
        let cells = rows.count * columns.count
        let count = countsPadding ? geometry.kernelHeight * geometry.kernelWidth : cells
        for channel in 0..<channels {
          var sum = 0.0
          for row in rows {
            for column in columns {
              sum += Double(source[(row * geometry.width + column) * from.pixel + channel * from.channel])
            }
          }
          target[pixel * to.pixel + channel * to.channel] = count > 0 ? Float(sum / Double(count)) : 0
        }
      }
    }
  }
}

final class ChannelsLastAverageUnpooling: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let geometry: PoolingGeometry
  private let countsPadding: Bool

  init(_ node: NodeReader) throws {
    x = try node.image(0)
    y = try node.resultImage(0)
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
    let (from, to) = (self.x.steps, self.y.steps)
    let channels = self.x.shape[1]
    // Windows may overlap, so a task owns whole planes: those of 16 channels, which share cache lines.
    let tasks = PixelTasks(images: x.count, pixels: (channels + 15) / 16, length: 16 * geometry.inputPixels)
    try call.parallelFor(tasks.count) { index, _ in
      let range = tasks.range(index)
      let owned = range.lowerBound * 16..<min(channels, range.upperBound * 16)
      let (source, target) = (x[tasks.image(index)], y[tasks.image(index)])
      for pixel in 0..<geometry.inputPixels {
        for channel in owned { target[pixel * to.pixel + channel * to.channel] = 0 }
      }
      for pixel in 0..<geometry.outputPixels {
        let rows = geometry.rows(pixel / geometry.outWidth)
        let columns = geometry.columns(pixel % geometry.outWidth)
        let factor = windowFactor(geometry, countsPadding, rows.count * columns.count)
        for row in rows {
          for column in columns {
            let place = (row * geometry.width + column) * to.pixel
            for channel in owned {
              target[place + channel * to.channel] += source[pixel * from.pixel + channel * from.channel] * factor
            }
          }
        }
      }
    }
  }
}
