/// CONVERT between NCHW and NHWC: each image is a matrix of channels and pixels that is transposed.
///
/// The transposition goes in blocks of 16 pixels, a cache line of each plane, and 4 channels: lines of the planes are read
/// or written whole, whatever the distance between planes, while the 16 pixels of the other side stay in the cache.
import CDecoupled
import DecoupledBackendKit

final class LayoutConversion: SwiftKernel {
  private let x: Operand
  private let y: Operand

  init(_ node: NodeReader) throws {
    let type = Int(node.node.inputOperands.first?.tensor.element_type ?? 0)
    try node.require(
      [Int(DCN_ELEMENT_F32), Int(DCN_ELEMENT_I32)].contains(type), "elements of this type are not converted here")
    x = try node.image(0, type: type)
    y = try node.resultImage(0, type: type)
    try node.require(x.shape == y.shape, "shapes \(x.shape) and \(y.shape) differ")
  }

  func run(_ call: KernelCall) throws {
    // Elements of both types are moved as 32 bits.
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    if self.x.layout == self.y.layout {
      let tasks = RowTasks(rows: x.count, length: x.length)
      return try call.parallelFor(tasks.count) { index, _ in
        tasks.each(index) { row, start, count in (y[row] + start).update(from: x[row] + start, count: count) }
      }
    }
    let channels = self.x.shape[1]
    let pixels = self.x.planeLength
    let tasks = PixelTasks(images: x.count, pixels: (pixels + 15) / 16, length: 16 * channels)
    let toChannelsLast = self.y.isChannelsLast
    try call.parallelFor(tasks.count) { index, _ in
      let (source, target) = (x[tasks.image(index)], y[tasks.image(index)])
      for line in tasks.range(index) {
        let range = line * 16..<min(pixels, line * 16 + 16)
        if toChannelsLast {
          gather(source, planeStep: pixels, channels: channels, pixels: range, into: target)
        } else {
          spread(source, channels: channels, pixels: range, into: target, planeStep: pixels)
        }
      }
    }
  }

  /// NCHW -> NHWC.
  private func gather(
    _ planes: UnsafePointer<Float>, planeStep: Int, channels: Int, pixels: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    var channel = 0
    while channel + 4 <= channels {
      let plane = planes + channel * planeStep
      var pixel = pixels.lowerBound
      while pixel + 4 <= pixels.upperBound {
        transpose4(plane + pixel, planeStep, target + (pixel * channels + channel), channels)
        pixel += 4
      }
      while pixel < pixels.upperBound {
        for i in 0..<4 { target[pixel * channels + channel + i] = plane[i * planeStep + pixel] }
        pixel += 1
      }
      channel += 4
    }
    for rest in channel..<channels {
      for pixel in pixels { target[pixel * channels + rest] = planes[rest * planeStep + pixel] }
    }
  }

  /// NHWC -> NCHW.
  private func spread(
    _ source: UnsafePointer<Float>, channels: Int, pixels: Range<Int>, into planes: UnsafeMutablePointer<Float>,
    planeStep: Int
  ) {
    var channel = 0
    while channel + 4 <= channels {
      let plane = planes + channel * planeStep
      var pixel = pixels.lowerBound
      while pixel + 4 <= pixels.upperBound {
        transpose4(source + (pixel * channels + channel), channels, plane + pixel, planeStep)
        pixel += 4
      }
      while pixel < pixels.upperBound {
        for i in 0..<4 { plane[i * planeStep + pixel] = source[pixel * channels + channel + i] }
        pixel += 1
      }
      channel += 4
    }
    for rest in channel..<channels {
      for pixel in pixels { planes[rest * planeStep + pixel] = source[pixel * channels + rest] }
    }
  }
}

/// Transposes a matrix of 4x4 elements.
@inline(__always) private func transpose4(
  _ source: UnsafePointer<Float>, _ sourceStep: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
) {
  func row(_ index: Int) -> SIMD4<Float> {
    UnsafeRawPointer(source + index * sourceStep).loadUnaligned(as: SIMD4<Float>.self)
  }
  let (a, b, c, d) = (row(0), row(1), row(2), row(3))
  for index in 0..<4 {
    UnsafeMutableRawPointer(target + index * targetStep).storeBytes(
      of: SIMD4(a[index], b[index], c[index], d[index]), as: SIMD4<Float>.self)
  }
}
