/// 1x1 convolutions from NHWC to a few channels in NCHW, such as class scores: a dot product for each pixel and channel.
import DecoupledBackendKit

final class PixelConvolution: SwiftKernel {
  /// With more output channels the panels of `PatchConvolution` are well filled.
  static let mostOutputs = 8
  private static let blockPixels = 512
  private let parts: ConvolutionParts
  private let weightStep: Int
  let workspaceSize: Int

  init(_ parts: ConvolutionParts) throws {
    self.parts = parts
    weightStep = (parts.inputChannels + 7) & ~7
    workspaceSize = (ChannelEpilogue.workspaceCount(parts.epilogue) + parts.outputChannels * weightStep) * 4
  }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("direct") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: parts.x.layer)
    let workspace = call.workspace!.assumingMemoryBound(to: Float.self)
    let epilogue = try ChannelEpilogue(parts.epilogue, call, workspace)
    let weights = workspace + ChannelEpilogue.workspaceCount(parts.epilogue)
    if parts.isHalf {
      gather(try call.parameter(parts.weights, Float16.self), into: weights)
    } else {
      gather(try call.parameter(parts.weights, Float.self), into: weights)
    }
    let channels = parts.inputChannels
    let pixels = parts.geometry.outputPixels
    let blocks = (pixels + Self.blockPixels - 1) / Self.blockPixels
    try call.parallelFor(x.count * blocks) { index, _ in
      let (image, block) = (index / blocks, index % blocks)
      let source = x[image]
      let end = min(pixels, (block + 1) * Self.blockPixels)
      var pixel = block * Self.blockPixels
      while pixel < end {
        // Four pixels at a time hide the latency of the sums; each pixel's sum has the same order alone.
        let count = pixel + 4 <= end ? 4 : 1
        for output in 0..<parts.outputChannels {
          let target = y[image] + (output * pixels + pixel)
          let row = weights + output * weightStep
          if count == 4 {
            let sums = dots(RowCount<4>(), source + pixel * channels, row)
            for i in 0..<4 { target[i] = epilogue.finish(sums[i], channel: output) }
          } else {
            target[0] = epilogue.finish(dots(RowCount<1>(), source + pixel * channels, row)[0], channel: output)
          }
        }
        pixel += count
      }
    }
  }

  /// [output channel][input channel]
  private func gather<Stored: StoredWeight>(_ given: Rows<Stored>, into weights: UnsafeMutablePointer<Float>) {
    for output in 0..<parts.outputChannels {
      for input in 0..<parts.inputChannels {
        let stored = parts.isFlipped ? given[input][output] : given[output][input]
        weights[output * weightStep + input] = stored.widened
      }
    }
  }

  @inline(__always) private func dots<let count: Int>(
    _: RowCount<count>, _ pixels: UnsafePointer<Float>, _ weights: UnsafePointer<Float>
  ) -> InlineArray<count, Float> {
    let channels = parts.inputChannels
    var sums = InlineArray<count, SIMD8<Float>>(repeating: SIMD8<Float>())
    var channel = 0
    while channel + 8 <= channels {
      let factors = load8(weights + channel)
      for i in 0..<count { sums[i] = multiplyAdd(sums[i], load8(pixels + (i * channels + channel)), factors) }
      channel += 8
    }
    var result = InlineArray<count, Float>(repeating: 0)
    for i in 0..<count {
      result[i] = sums[i].sum()
      for rest in channel..<channels { result[i] += pixels[i * channels + rest] * weights[rest] }
    }
    return result
  }
}
