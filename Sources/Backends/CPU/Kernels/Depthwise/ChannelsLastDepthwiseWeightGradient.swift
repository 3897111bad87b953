/// ConvWeightGradient of a depthwise Conv on channels-last images. Vectors run over channels; the sums of the cells in a row
/// of the kernel stay in registers for the length of a row of dy.
///
/// A task adds up a part of the rows of the batch. Parts are cut by shape and added in order at the end.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastDepthwiseWeightGradient: SwiftKernel {
  private let x: Operand
  private let dy: Operand
  private let dw: Operand
  private let geometry: ConvolutionGeometry
  private let channels: Int
  private let sumStep: Int
  private let partCount: Int
  /// Columns of dy that meet all columns of the kernel within x, where those are summed together.
  private let interior: Range<Int>
  let workspaceSize: Int

  /// - Throws: where groups are not single channels or an image is in the other layout.
  init(_ node: NodeReader) throws {
    let (group, layout) = (try node.group(), Int(DCN_LAYOUT_NHWC))
    x = try node.input(0, rank: 4...4, layout: layout)
    dy = try node.input(1, rank: 4...4, layout: layout)
    dw = try node.output(0, rank: 4...4)
    let kernel = try node.requiredList("kernel_shape", count: 2)
    try node.require(
      x.shape[1] == group && dy.shape[1] == group && dw.shape == [group, 1] + kernel,
      "the gradient has shape \(dw.shape) in \(group) groups")
    try node.require(x.shape[0] == dy.shape[0], "batches of \(x.shape[0]) and \(dy.shape[0]) images")
    geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: kernel, result: Array(dy.shape[2...]))
    channels = group
    sumStep = paddedStep(channels)
    let isWide = geometry.dilationX == 1 && channels >= channelWidth && [3, 5].contains(geometry.kernelWidth)
    interior = isWide ? geometry.interiorColumns : 0..<0
    let rows = dy.rows * geometry.outHeight
    partCount = max(1, min(rows, 32, dy.elementCount / RowTasks.target))
    workspaceSize = partCount * geometry.kernelSize * sumStep * 4
  }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("depthwise") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let dy: Rows<Float> = try call.input(self.dy)
    let dw: Rows<Float> = try call.wholeOutput(self.dw)
    try call.requireBatch(x.count, dy.count, layer: self.x.layer)
    let partials = call.workspace!.assumingMemoryBound(to: Float.self)
    let size = geometry.kernelSize * sumStep
    let rows = dy.count * geometry.outHeight
    let parts = min(partCount, rows)
    try call.parallelFor(parts) { part, _ in
      let sums = partials + part * size
      for i in 0..<size { sums[i] = 0 }
      for row in part * rows / parts..<(part + 1) * rows / parts {
        let (image, line) = (row / geometry.outHeight, row % geometry.outHeight)
        add(line, of: dy[image], x[image], to: sums)
      }
    }
    for channel in 0..<channels {
      for cell in 0..<geometry.kernelSize {
        var sum: Float = 0
        for part in 0..<parts { sum += partials[part * size + cell * sumStep + channel] }
        dw[channel][cell] = sum
      }
    }
  }

  /// Adds what one row of dy gives.
  private func add(
    _ row: Int, of dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>
  ) {
    let geometry = geometry
    let gradients = dy + row * geometry.outWidth * channels
    for u in 0..<geometry.kernelHeight {
      let place = row * geometry.strideY - geometry.top + u * geometry.dilationY
      guard place >= 0, place < geometry.height else { continue }
      // Where column 0 of dy meets column 0 of the kernel.
      let source = x + (place * geometry.width - geometry.left) * channels
      let cells = sums + u * geometry.kernelWidth * sumStep
      switch interior.isEmpty ? 0 : geometry.kernelWidth {
      case 3: add(RowCount<3>(), interior, gradients, source, cells)
      case 5: add(RowCount<5>(), interior, gradients, source, cells)
      default: break
      }
      for v in 0..<geometry.kernelWidth {
        let valid = geometry.validColumns(v)
        let (cell, shifted) = (cells + v * sumStep, source + v * geometry.dilationX * channels)
        if interior.isEmpty {
          add(RowCount<1>(), valid, gradients, shifted, cell)
        } else {
          add(RowCount<1>(), valid.lowerBound..<interior.lowerBound, gradients, shifted, cell)
          add(RowCount<1>(), interior.upperBound..<valid.upperBound, gradients, shifted, cell)
        }
      }
    }
  }

  /// Adds some columns of a row of dy to the sums of `count` neighbouring cells.
  @inline(__always) private func add<let count: Int>(
    _: RowCount<count>, _ columns: Range<Int>, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ cells: UnsafeMutablePointer<Float>
  ) {
    if columns.isEmpty { return }
    let step = geometry.strideX * channels
    if channels < channelWidth {
      for column in columns {
        for cell in 0..<count {
          for channel in 0..<channels {
            cells[cell * sumStep + channel] +=
              dy[column * channels + channel] * x[column * step + cell * channels + channel]
          }
        }
      }
      return
    }
    var next = 0
    while next < channels {
      // The last vector ends with the last channel; of those that it has in common with the one before, nothing is added.
      let channel = min(next, channels - channelWidth)
      var totals = InlineArray<count, ChannelVector>(repeating: ChannelVector())
      for column in columns {
        let gradient = loadChannels(dy + (column * channels + channel))
        let source = x + (column * step + channel)
        for cell in 0..<count {
          totals[cell] = multiplyAdd(totals[cell], gradient, loadChannels(source + cell * channels))
        }
      }
      for cell in 0..<count {
        let target = cells + (cell * sumStep + channel)
        if channel == next {
          storeChannels(loadChannels(target) + totals[cell], target)
        } else {
          for lane in next - channel..<channelWidth { target[lane] += totals[cell][lane] }
        }
      }
      next += channelWidth
    }
  }
}
