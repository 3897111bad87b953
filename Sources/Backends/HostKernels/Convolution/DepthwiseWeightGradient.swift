/// ConvWeightGradient of a depthwise Conv: for each channel and kernel cell the product of the rows of dy with the rows of x
/// under that cell, a row at a time in float32, rows and images in double.
import CDecoupled
import DecoupledBackendKit

final class DepthwiseWeightGradient: SwiftKernel {
  private let x: Operand
  private let dy: Operand
  private let dw: Operand
  private let geometry: ConvolutionGeometry

  /// nil when groups are not single channels.
  init?(ifFits node: NodeReader) throws {
    let group = try node.group()
    guard group > 1 else { return nil }
    x = try node.input(0, rank: 4...4)
    dy = try node.input(1, rank: 4...4)
    dw = try node.output(0, rank: 4...4)
    guard x.shape[1] == group, dy.shape[1] == group else { return nil }
    let kernel = try node.requiredList("kernel_shape", count: 2)
    try node.require(dw.shape == [group, 1] + kernel, "the gradient has shape \(dw.shape)")
    try node.require(x.shape[0] == dy.shape[0], "batches of \(x.shape[0]) and \(dy.shape[0]) images")
    geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: kernel, result: Array(dy.shape[2...]))
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let dy: Rows<Float> = try call.input(self.dy)
    let dw: Rows<Float> = try call.wholeOutput(self.dw)
    try call.requireBatch(x.count, dy.count, layer: self.x.layer)
    let geometry = geometry
    try call.parallelFor(self.x.shape[1]) { channel, _ in
      for cell in 0..<geometry.kernelSize {
        let (u, v) = (cell / geometry.kernelWidth, cell % geometry.kernelWidth)
        let columns = geometry.validColumns(v)
        var sum = 0.0
        for image in 0..<x.count {
          let source = x[image] + channel * geometry.inputPixels
          let gradient = dy[image] + channel * geometry.outputPixels
          for row in 0..<geometry.outHeight {
            let place = row * geometry.strideY - geometry.top + u * geometry.dilationY
            guard place >= 0, place < geometry.height else { continue }
            let first = columns.lowerBound * geometry.strideX - geometry.left + v * geometry.dilationX
            sum += Double(
              Self.product(
                gradient + (row * geometry.outWidth + columns.lowerBound), source + (place * geometry.width + first),
                step: geometry.strideX, columns.count))
          }
        }
        dw[channel][cell] = Float(sum)
      }
    }
  }

  /// The sum of a[i] * b[i * step].
  @inline(__always) private static func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, step: Int, _ count: Int
  ) -> Float {
    var (wide, sum) = (SIMD8<Float>(), Float(0))
    if step == 1 {
      vectors(count) { i in
        wide += load8(a + i) * load8(b + i)
      } rest: { i in
        sum += a[i] * b[i]
      }
    } else {
      for i in 0..<count { sum += a[i] * b[i * step] }
    }
    return wide.sum() + sum
  }
}
