/// ConvWeightGradient of a convolution with few output pixels and large weights: a product whose depth is the number of
/// pixels of the batch, so that writing the result takes most of the time. Each element is written once.
///
/// A task owns a block of input channels, that is a block of columns of the result, and has the windows of these channels
/// in its own workspace.
import CDecoupled
import DecoupledBackendKit

final class LargeWeightGradient: SwiftKernel {
  private static let group = MicroKernel.rows

  private let x: Operand
  private let dy: Operand
  private let dw: Operand
  private let windows: SmallWindows
  private let blockChannels: Int
  private let windowStep: Int
  private let columnStep: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  /// nil when the layer is not of this kind.
  init?(ifFits node: NodeReader) throws {
    x = try node.image(0)
    dy = try node.image(1)
    dw = try node.output(0, rank: 4...4)
    guard LargeWeights.fit(dw.shape, pixels: dy.planeLength, x, dy) else { return nil }
    let kernel = try node.requiredList("kernel_shape", count: 2)
    try node.require(dw.shape == [dy.shape[1], x.shape[1]] + kernel, "the gradient has shape \(dw.shape)")
    try node.require(x.shape[0] == dy.shape[0], "batches of \(x.shape[0]) and \(dy.shape[0]) images")
    let geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: kernel, result: Array(dy.shape[2...]))
    windows = SmallWindows(geometry: geometry, steps: x.steps)
    blockChannels = max(1, min(512 / geometry.kernelSize, (x.shape[1] + 15) / 16))
    // Room for whole vectors behind the last channel.
    windowStep = paddedStep((blockChannels * geometry.kernelSize + 15) & ~15)
    columnStep = paddedStep(x.rows * geometry.outputPixels)
    workspaceSize = dy.shape[1] * columnStep * 4
    laneWorkspaceSize = (x.rows * geometry.outputPixels * windowStep + Self.group * 16) * 4
  }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("streamed") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let dy: Rows<Float> = try call.input(self.dy)
    let dw: Rows<Float> = try call.wholeOutput(self.dw)
    try call.requireBatch(x.count, dy.count, layer: self.x.layer)
    guard let gathered = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    try gather(call, dy, into: gathered)
    let (size, pixels, channels) = (windows.geometry.kernelSize, windows.geometry.outputPixels, self.x.shape[1])
    let columns = x.count * pixels
    try call.parallelFor((channels + blockChannels - 1) / blockChannels) { index, lane in
      let block = index * blockChannels..<min(channels, (index + 1) * blockChannels)
      let lines = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      let length = block.count * size
      for column in 0..<columns {
        let line = lines + column * windowStep
        windows.gather(x[column / pixels], pixel: column % pixels, channels: block, into: line, step: 1)
        for i in length..<(length + 15) & ~15 { line[i] = 0 }
      }
      multiply(
        gathered, lines, columns, dw, start: block.lowerBound * size, length,
        rest: lines + self.x.rows * pixels * windowStep)
    }
  }

  /// [output channel, column]
  private func gather(_ call: KernelCall, _ dy: Rows<Float>, into target: UnsafeMutablePointer<Float>) throws {
    let (pixels, from) = (windows.geometry.outputPixels, self.dy.steps)
    let tasks = PixelTasks(images: 1, pixels: self.dy.shape[1], length: dy.count * pixels)
    try call.parallelFor(tasks.count) { index, _ in
      for column in 0..<dy.count * pixels {
        let source = dy[column / pixels] + column % pixels * from.pixel
        for channel in tasks.range(index) { target[channel * columnStep + column] = source[channel * from.channel] }
      }
    }
  }

  private func multiply(
    _ gathered: UnsafePointer<Float>, _ lines: UnsafePointer<Float>, _ columns: Int, _ dw: Rows<Float>, start: Int,
    _ length: Int, rest: UnsafeMutablePointer<Float>
  ) {
    for row in stride(from: 0, to: self.dw.rows, by: Self.group) {
      let count = min(Self.group, self.dw.rows - row)
      let source = gathered + row * columnStep
      let target = dw[row] + start
      let whole = Panels(lines, step: 16, depthStep: windowStep, count: length / 16)
      MicroKernel.multiply(
        rows: count, depth: columns, source, columnStep, whole, target, dw.stride, adds: false)
      let first = length & ~15
      guard first < length else { continue }
      let last = Panels(lines + first, depthStep: windowStep)
      MicroKernel.multiply(rows: count, depth: columns, source, columnStep, last, rest, 16, adds: false)
      for i in 0..<count {
        let end = target + (i * dw.stride + first)
        end.update(from: rest + i * 16, count: length - first)
      }
    }
  }
}
