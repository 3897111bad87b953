/// Depthwise Conv and ConvTranspose of channels-last images, with what may follow them. Vectors run over channels; each pixel
/// of the result is one sum over the cells of the kernel, in their order.
///
/// Kernels of 3 or 5 columns in steps of 1 or 2 go over four pixels of a row together, so that each vector of x that is loaded
/// meets all cells it belongs to. Everything else, and the ends of a row, go pixel by pixel.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastDepthwiseConvolution: SwiftKernel {
  private static let blockPixels = 4
  private let x: Operand
  private let weights: Operand
  private let isHalf: Bool
  private let epilogue: EpilogueOperands
  private let channels: Int
  private let kernel: (height: Int, width: Int)
  private let result: (height: Int, width: Int)
  /// Whether the weights are turned round: a transposed convolution with stride 1 is a convolution with such a kernel.
  private let isFlipped: Bool
  private let rows: KernelTaps
  private let columns: KernelTaps
  private let stride: Int
  /// Pixels of a row that have all their cells side by side within x, and the place in x of the first cell of pixel 0.
  private let interior: Range<Int>
  private let left: Int
  private let weightStep: Int
  let workspaceSize: Int

  /// - Throws: where groups are not single channels or an image is in the other layout.
  init(_ readers: [NodeReader]) throws {
    let node = readers[0]
    let (group, layout) = (try node.group(), Int(DCN_LAYOUT_NHWC))
    let isTransposed = node.node.kind == Int32(DCN_OPERATOR_CONV_TRANSPOSE)
    x = try node.input(0, rank: 4...4, layout: layout)
    let operands = node.node.inputOperands
    isHalf = operands.count > 1 && Int(operands[1].tensor.element_type) == Int(DCN_ELEMENT_F16)
    weights = try node.input(1, rank: 4...4, type: isHalf ? Int(DCN_ELEMENT_F16) : Int(DCN_ELEMENT_F32))
    let bias = try node.optionalInput(2, rank: 1...1)
    let y = try node.output(0, rank: 4...4, layout: layout)
    try node.require(
      x.shape[1] == group && weights.shape[..<2] == [group, 1], "\(group) groups of weights \(weights.shape)")
    try node.require(y.shape[..<2] == x.shape[..<2], "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [group], "the bias does not fit weights \(weights.shape)")
    channels = group
    let (image, made) = (Array(x.shape[2...]), Array(y.shape[2...]))
    kernel = (weights.shape[2], weights.shape[3])
    result = (made[0], made[1])
    var geometry = try ConvolutionGeometry(
      node, image: isTransposed ? made : image, kernel: Array(weights.shape[2...]),
      result: isTransposed ? image : made,
      outputPadding: isTransposed ? try node.list("output_padding", count: 2, default: 0) : [0, 0])
    isFlipped = isTransposed && geometry.strideY == 1 && geometry.strideX == 1
    if isFlipped { geometry = geometry.flipped() }
    (stride, left) = (geometry.strideX, -geometry.left)
    if isTransposed, !isFlipped {
      rows = KernelTaps(
        transposed: made[0], size: image[0], kernel: kernel.height, stride: geometry.strideY, before: geometry.top,
        dilation: geometry.dilationY)
      columns = KernelTaps(
        transposed: made[1], size: image[1], kernel: kernel.width, stride: geometry.strideX, before: geometry.left,
        dilation: geometry.dilationX)
      interior = 0..<0
    } else {
      rows = KernelTaps(
        count: made[0], size: image[0], kernel: kernel.height, stride: geometry.strideY, before: geometry.top,
        dilation: geometry.dilationY)
      columns = KernelTaps(
        count: made[1], size: image[1], kernel: kernel.width, stride: geometry.strideX, before: geometry.left,
        dilation: geometry.dilationX)
      interior = geometry.dilationX == 1 && channels >= channelWidth ? geometry.interiorColumns : 0..<0
    }
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape, layout: layout)
    weightStep = paddedStep(channels)
    workspaceSize = (ChannelEpilogue.workspaceCount(epilogue) + kernel.height * kernel.width * weightStep) * 4
  }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("depthwise") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let workspace = call.workspace!.assumingMemoryBound(to: Float.self)
    let epilogue = try ChannelEpilogue(self.epilogue, call, workspace)
    let weights = workspace + ChannelEpilogue.workspaceCount(self.epilogue)
    if isHalf {
      gather(try call.parameter(self.weights, Float16.self), into: weights)
    } else {
      gather(try call.parameter(self.weights, Float.self), into: weights)
    }
    let tasks = PixelTasks(images: x.count, pixels: result.height, length: result.width * channels)
    let inputWidth = self.x.shape[3]
    try rows.withTaps { rows in
      try columns.withTaps { columns in
        try call.parallelFor(tasks.count) { index, _ in
          let image = tasks.image(index)
          for row in tasks.range(index) {
            let line = Line(
              rows: rows(row), x: x[image], rowStep: inputWidth * channels, channels: channels, weights: weights,
              weightStep: weightStep, kernelWidth: kernel.width, epilogue: epilogue,
              y: y[image] + row * result.width * channels)
            run(line, columns)
          }
        }
      }
    }
  }

  /// [kernel cell][channel]
  private func gather<Stored: StoredWeight>(_ given: Rows<Stored>, into weights: UnsafeMutablePointer<Float>) {
    let size = kernel.height * kernel.width
    for cell in 0..<size {
      let row = weights + cell * weightStep
      for channel in 0..<channels { row[channel] = given[channel][isFlipped ? size - 1 - cell : cell].widened }
      for channel in channels..<weightStep { row[channel] = 0 }
    }
  }

  @inline(__always) private func run(_ line: Line, _ columns: (Int) -> UnsafeBufferPointer<KernelTaps.Tap>) {
    var (end, pixel) = (interior.lowerBound, interior.lowerBound)
    switch (kernel.width, stride) {
    case (3, 1): end = blocks(KernelForm<3, 1>(), line)
    case (3, 2): end = blocks(KernelForm<3, 2>(), line)
    case (5, 1): end = blocks(KernelForm<5, 1>(), line)
    case (5, 2): end = blocks(KernelForm<5, 2>(), line)
    default: break
    }
    for first in 0..<pixel { line.pixel(first, columns(first)) }
    pixel = end
    while pixel < result.width {
      line.pixel(pixel, columns(pixel))
      pixel += 1
    }
  }

  /// Whole blocks of the interior.
  /// - Returns: the first pixel behind them.
  @inline(__always) private func blocks<let kernel: Int, let stride: Int>(
    _ form: KernelForm<kernel, stride>, _ line: Line
  ) -> Int {
    var pixel = interior.lowerBound
    while pixel + Self.blockPixels <= interior.upperBound {
      line.block(form, pixel, from: pixel * stride + left)
      pixel += Self.blockPixels
    }
    return pixel
  }
}

/// Columns of a kernel and their step as a type, so that loops over them are unrolled.
private struct KernelForm<let width: Int, let stride: Int> {}

/// What makes one row of the result.
private struct Line {
  let rows: UnsafeBufferPointer<KernelTaps.Tap>
  let x: UnsafePointer<Float>
  let rowStep: Int
  let channels: Int
  let weights: UnsafePointer<Float>
  let weightStep: Int
  let kernelWidth: Int
  let epilogue: ChannelEpilogue
  let y: UnsafeMutablePointer<Float>

  /// One pixel.
  func pixel(_ pixel: Int, _ columns: UnsafeBufferPointer<KernelTaps.Tap>) {
    let target = y + pixel * channels
    if channels < channelWidth {
      var sum = ChannelVector()
      for row in rows {
        for column in columns {
          let source = x + (row.place * rowStep + column.place * channels)
          let cell = weights + (row.cell * kernelWidth + column.cell) * weightStep
          sum = multiplyAdd(sum, loadChannels(source, first: channels), loadChannels(cell))
        }
      }
      return storeChannels(epilogue.part(0).finish(sum), target, first: channels)
    }
    var channel = 0
    while channel + 4 * channelWidth <= channels {
      pixel4(columns, channel, target)
      channel += 4 * channelWidth
    }
    eachVector(from: channel) { channel in
      var sum = ChannelVector()
      for row in rows {
        for column in columns {
          let source = x + (row.place * rowStep + column.place * channels + channel)
          let cell = weights + ((row.cell * kernelWidth + column.cell) * weightStep + channel)
          sum = multiplyAdd(sum, loadChannels(source), loadChannels(cell))
        }
      }
      storeChannels(epilogue.part(channel).finish(sum), target + channel)
    }
  }

  /// Four vectors of a pixel, for each of which the cells are looked up once.
  @inline(__always) private func pixel4(
    _ columns: UnsafeBufferPointer<KernelTaps.Tap>, _ channel: Int, _ target: UnsafeMutablePointer<Float>
  ) {
    var sums = InlineArray<4, ChannelVector>(repeating: ChannelVector())
    for row in rows {
      for column in columns {
        let source = x + (row.place * rowStep + column.place * channels + channel)
        let cell = weights + ((row.cell * kernelWidth + column.cell) * weightStep + channel)
        for i in 0..<4 {
          sums[i] = multiplyAdd(sums[i], loadChannels(source + i * channelWidth), loadChannels(cell + i * channelWidth))
        }
      }
    }
    for i in 0..<4 {
      let place = channel + i * channelWidth
      storeChannels(epilogue.part(place).finish(sums[i]), target + place)
    }
  }

  /// Four neighbouring pixels, the first of which has its first cell in column `from` of x.
  @inline(__always) func block<let width: Int, let stride: Int>(
    _: KernelForm<width, stride>, _ pixel: Int, from column: Int
  ) {
    let first = x + column * channels
    let target = y + pixel * channels
    eachVector(from: 0) { channel in
      var sums = InlineArray<4, ChannelVector>(repeating: ChannelVector())
      for row in rows {
        let source = first + (row.place * rowStep + channel)
        let cells = weights + (row.cell * width * weightStep + channel)
        for column in 0..<3 * stride + width {
          let value = loadChannels(source + column * channels)
          for i in 0..<4 where column >= i * stride && column < i * stride + width {
            sums[i] = multiplyAdd(sums[i], value, loadChannels(cells + (column - i * stride) * weightStep))
          }
        }
      }
      let part = epilogue.part(channel)
      for i in 0..<4 { storeChannels(part.finish(sums[i]), target + (i * channels + channel)) }
    }
  }

  /// The first channel of each vector from `start` on. The last one ends with the last channel: some channels are computed
  /// twice, with the same result.
  @inline(__always) private func eachVector(from start: Int, _ body: (Int) -> Void) {
    var channel = start
    while channel + channelWidth <= channels {
      body(channel)
      channel += channelWidth
    }
    if channel < channels { body(channels - channelWidth) }
  }
}
