/// ConvWeightGradient of any kernel, stride and dilation: dy times the patches of x, a block of pixels at a time.
///
/// A task makes the weights of a block of input and a block of output channels over a part of the pixels. Parts and blocks
/// are cut by shape; where there are several parts of pixels, their sums are added in order at the end.
import CDecoupled
import DecoupledBackendKit

final class PatchWeightGradient: SwiftKernel {
  private static let blockPixels = 256
  private let parts: WeightGradientParts
  private let inputBlock: Int
  private let outputBlock: Int
  private let inputBlocks: Int
  private let outputBlocks: Int
  private let pixelParts: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  /// Elements of the kernels of a block of input channels.
  private var columns: Int { inputBlock * parts.geometry.kernelSize }

  init(_ parts: WeightGradientParts) {
    self.parts = parts
    let size = parts.geometry.kernelSize
    let wanted = max(1, 512 / size)
    inputBlocks = (parts.inputChannels + wanted - 1) / wanted
    inputBlock = (parts.inputChannels + inputBlocks - 1) / inputBlocks
    outputBlocks = (parts.outputChannels + 127) / 128
    outputBlock = (parts.outputChannels + outputBlocks - 1) / outputBlocks
    let blocks = (parts.x.rows * parts.geometry.outputPixels + Self.blockPixels - 1) / Self.blockPixels
    let tasks = inputBlocks * outputBlocks
    pixelParts = tasks >= 6 ? 1 : min(blocks, (12 + tasks - 1) / tasks)
    workspaceSize = pixelParts == 1 ? 0 : pixelParts * parts.dw.elementCount * 4
    laneWorkspaceSize =
      (Self.blockPixels * (inputBlock * size + outputBlock) + outputBlock * inputBlock * size) * 4
  }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("direct") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let dy: Rows<Float> = try call.input(parts.dy)
    let dw: Rows<Float> = try call.wholeOutput(parts.dw)
    try call.requireBatch(x.count, dy.count, layer: parts.x.layer)
    let total = x.count * parts.geometry.outputPixels
    let count = min(pixelParts, (total + Self.blockPixels - 1) / Self.blockPixels)
    let partials = call.workspace?.assumingMemoryBound(to: Float.self)
    try call.parallelFor(inputBlocks * outputBlocks * count) { index, lane in
      let (part, block) = (index % count, index / count)
      let range = part * total / count..<(part + 1) * total / count
      let lane = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      let (input, output) = (block % inputBlocks * inputBlock, block / inputBlocks * outputBlock)
      let inputs = min(input, parts.inputChannels)..<min(parts.inputChannels, input + inputBlock)
      let outputs = min(output, parts.outputChannels)..<min(parts.outputChannels, output + outputBlock)
      let sums = accumulate(x, dy, range, inputs, outputs, lane)
      if count == 1 {
        write(sums, inputs, outputs, to: dw.base, dw.stride)
      } else if let partials {
        write(sums, inputs, outputs, to: partials + part * parts.dw.elementCount, parts.dw.rowLength)
      }
    }
    guard count > 1, let partials else { return }
    let tasks = RowTasks(rows: parts.dw.rows, length: parts.dw.rowLength)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { row, start, length in
        let target = dw[row] + start
        let first = partials + (row * parts.dw.rowLength + start)
        target.update(from: first, count: length)
        for part in 1..<count {
          let source = first + part * parts.dw.elementCount
          for i in 0..<length { target[i] += source[i] }
        }
      }
    }
  }

  /// The sums over some pixels of the batch, [output][element of the kernels].
  private func accumulate(
    _ x: Rows<Float>, _ dy: Rows<Float>, _ range: Range<Int>, _ inputs: Range<Int>, _ outputs: Range<Int>,
    _ lane: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    let isChannelsLast = parts.isChannelsLast(parts.x)
    let patches = lane
    let gradients = lane + Self.blockPixels * columns
    let sums = gradients + Self.blockPixels * outputBlock
    for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.blockPixels) {
      let count = min(Self.blockPixels, range.upperBound - first)
      eachImage(first, count) { image, pixels, offset in
        gather(dy[image], pixels, outputs, into: gradients + offset * outputs.count)
        if isChannelsLast {
          gather(x[image], pixels, patches: inputs, into: patches + offset * columns)
        } else {
          parts.geometry.fill(
            x[image], channels: inputs, pixels: pixels, into: patches + offset, step: Self.blockPixels)
        }
      }
      Product.run(
        m: outputs.count, n: inputs.count * parts.geometry.kernelSize, k: count, gradients, outputs.count,
        transposedA: true, patches, isChannelsLast ? columns : Self.blockPixels, transposedB: !isChannelsLast, sums,
        columns, beta: first == range.lowerBound ? 0 : 1)
    }
    return sums
  }

  /// Cuts a range of the batch's pixels where an image ends.
  private func eachImage(
    _ first: Int, _ count: Int, _ body: (_ image: Int, _ pixels: Range<Int>, _ offset: Int) -> Void
  ) {
    let pixels = parts.geometry.outputPixels
    var done = 0
    while done < count {
      let (image, pixel) = ((first + done) / pixels, (first + done) % pixels)
      let length = min(count - done, pixels - pixel)
      body(image, pixel..<pixel + length, done)
      done += length
    }
  }

  /// dy as [pixel][channel].
  private func gather(
    _ image: UnsafePointer<Float>, _ pixels: Range<Int>, _ channels: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let isChannelsLast = parts.isChannelsLast(parts.dy)
    let (pixelStep, channelStep) = isChannelsLast ? (parts.outputChannels, 1) : (1, parts.geometry.outputPixels)
    for pixel in pixels {
      let source = image + (pixel * pixelStep + channels.lowerBound * channelStep)
      let row = target + (pixel - pixels.lowerBound) * channels.count
      if isChannelsLast {
        row.update(from: source, count: channels.count)
      } else {
        for channel in 0..<channels.count { row[channel] = source[channel * channelStep] }
      }
    }
  }

  /// The input pixels under the kernel, [pixel][cell][channel].
  private func gather(
    _ image: UnsafePointer<Float>, _ pixels: Range<Int>, patches channels: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let geometry = parts.geometry
    for pixel in pixels {
      var row = target + (pixel - pixels.lowerBound) * columns
      geometry.eachCell(under: pixel) { place in
        if let place {
          row.update(from: image + (place * parts.inputChannels + channels.lowerBound), count: channels.count)
        } else {
          row.update(repeating: 0, count: channels.count)
        }
        row += channels.count
      }
    }
  }

  /// Puts the sums of a block in the order of the weights.
  private func write(
    _ sums: UnsafePointer<Float>, _ inputs: Range<Int>, _ outputs: Range<Int>, to target: UnsafeMutablePointer<Float>,
    _ targetStep: Int
  ) {
    let size = parts.geometry.kernelSize
    let isChannelsLast = parts.isChannelsLast(parts.x)
    for output in outputs {
      let source = sums + (output - outputs.lowerBound) * columns
      let row = target + (output * targetStep + inputs.lowerBound * size)
      if isChannelsLast {
        for input in 0..<inputs.count {
          for tap in 0..<size { row[input * size + tap] = source[tap * inputs.count + input] }
        }
      } else {
        row.update(from: source, count: inputs.count * size)
      }
    }
  }
}

extension ConvolutionGeometry {
  /// Calls `body` with the place of the input pixel under each kernel cell of an output pixel, nil outside the image.
  @inline(__always) func eachCell(under pixel: Int, _ body: (_ place: Int?) -> Void) {
    let firstY = pixel / outWidth * strideY - top
    let firstX = pixel % outWidth * strideX - left
    for u in 0..<kernelHeight {
      let y = firstY + u * dilationY
      for v in 0..<kernelWidth {
        let x = firstX + v * dilationX
        let isInside = y >= 0 && y < height && x >= 0 && x < width
        body(isInside ? y * width + x : nil)
      }
    }
  }
}
