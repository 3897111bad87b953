/// Convolutions of any kernel, stride and dilation as plain sums: the patches under a block of output pixels, a few kernel
/// cells at a time, times the packed weights. Reads and writes either layout, at least one of which is NHWC.
import CDecoupled
import DecoupledBackendKit

final class PatchConvolution: SwiftKernel {
  private let parts: ConvolutionParts
  private let packing: WeightPacking
  private let isSourceChannelsLast: Bool
  /// Kernel cells (NHWC) or input channels (NCHW) whose patches are copied at a time.
  private let slice: Int
  private let blockPixels: Int
  private let blocks: Int
  private let outputStep: Int
  /// Parts of the output channels that are tasks of their own, where a batch has few pixels.
  private let cuts: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ parts: ConvolutionParts) throws {
    self.parts = parts
    let geometry = parts.geometry
    isSourceChannelsLast = parts.isChannelsLast(parts.x)
    packing = parts.packing(isSourceChannelsLast ? .channelsLast : .channelsFirst)
    blocks = (geometry.outputPixels + 95) / 96
    blockPixels = (geometry.outputPixels + blocks - 1) / blocks
    outputStep = packing.panels * 16
    cuts = blocks * parts.x.rows >= 8 ? 1 : min(packing.panels, 4)
    let unit = isSourceChannelsLast ? parts.inputChannels : geometry.kernelSize
    slice = max(1, 1024 / unit)
    let patches = blockPixels * min(slice * unit, packing.depth)
    workspaceSize = ChannelEpilogue.workspaceCount(parts.epilogue) * 4
    laneWorkspaceSize = (blockPixels * outputStep + patches) * 4
  }

  func packedForm(input: Int) -> UInt64 { parts.packedForm(input: input, packing) }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("direct") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    try parts.withWeights(packing, call) { weights, _ in try run(call, x, weights, y) }
  }

  /// With images, results, and weights that the caller has packed.
  func run(_ call: KernelCall, _ x: Rows<Float>, _ weights: UnsafePointer<Float>, _ y: Rows<Float>) throws {
    try call.requireBatch(x.count, y.count, layer: parts.x.layer)
    let epilogue = try ChannelEpilogue(
      parts.epilogue, call, call.workspace!.assumingMemoryBound(to: Float.self))
    let pixels = parts.geometry.outputPixels
    try call.parallelFor(x.count * blocks * cuts) { index, lane in
      let (image, block, cut) = (index / cuts / blocks, index / cuts % blocks, index % cuts)
      let range = min(pixels, block * blockPixels)..<min(pixels, (block + 1) * blockPixels)
      let panels = cut * packing.panels / cuts..<(cut + 1) * packing.panels / cuts
      let tile = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      let patches = tile + blockPixels * outputStep
      if isSourceChannelsLast {
        multiplyRows(x[image], range, weights, panels, patches, tile)
      } else {
        multiplyColumns(x[image], range, weights, panels, patches, tile)
      }
      finish(
        tile, range, panels.lowerBound * 16..<min(parts.outputChannels, panels.upperBound * 16), epilogue, y[image])
    }
  }

  /// tile = patches * weights, where a pixel's channels follow each other.
  private func multiplyRows(
    _ image: UnsafePointer<Float>, _ pixels: Range<Int>, _ weights: UnsafePointer<Float>, _ panels: Range<Int>,
    _ patches: UnsafeMutablePointer<Float>, _ tile: UnsafeMutablePointer<Float>
  ) {
    let channels = parts.inputChannels
    let taps = parts.geometry.kernelSize
    for first in stride(from: 0, to: taps, by: slice) {
      let count = min(slice, taps - first)
      var rows = UnsafePointer(patches)
      if parts.geometry.isPointwise {
        rows = image + pixels.lowerBound * channels
      } else {
        gather(image, pixels, first..<first + count, patches)
      }
      PanelProduct.run(
        rows: pixels.count, depth: count * channels, rows, count * channels, weights + first * channels * 16,
        panelStep: packing.depth * 16, panels: panels, into: tile, outputStep, adds: first > 0)
    }
  }

  /// The input pixels under some kernel cells, [pixel][cell][channel].
  private func gather(
    _ image: UnsafePointer<Float>, _ pixels: Range<Int>, _ taps: Range<Int>, _ patches: UnsafeMutablePointer<Float>
  ) {
    let geometry = parts.geometry
    let channels = parts.inputChannels
    var target = patches
    for pixel in pixels {
      let top = pixel / geometry.outWidth * geometry.strideY - geometry.top
      let left = pixel % geometry.outWidth * geometry.strideX - geometry.left
      for tap in taps {
        let y = top + tap / geometry.kernelWidth * geometry.dilationY
        let x = left + tap % geometry.kernelWidth * geometry.dilationX
        if y >= 0, y < geometry.height, x >= 0, x < geometry.width {
          target.update(from: image + (y * geometry.width + x) * channels, count: channels)
        } else {
          target.update(repeating: 0, count: channels)
        }
        target += channels
      }
    }
  }

  /// tile = patches * weights, where a channel's pixels follow each other: the patches are a window matrix.
  private func multiplyColumns(
    _ image: UnsafePointer<Float>, _ pixels: Range<Int>, _ weights: UnsafePointer<Float>, _ panels: Range<Int>,
    _ patches: UnsafeMutablePointer<Float>, _ tile: UnsafeMutablePointer<Float>
  ) {
    let taps = parts.geometry.kernelSize
    for first in stride(from: 0, to: parts.inputChannels, by: slice) {
      let channels = first..<min(parts.inputChannels, first + slice)
      parts.geometry.fill(image, channels: channels, pixels: pixels, into: patches, step: blockPixels)
      let columns = Panels(
        weights + (panels.lowerBound * packing.depth + first * taps) * 16, step: packing.depth * 16, count: panels.count
      )
      MicroKernel.multiply(
        rows: pixels.count, depth: channels.count * taps, columnsOf: patches, blockPixels, columns,
        tile + panels.lowerBound * 16, outputStep, adds: first > 0)
    }
  }

  private func finish(
    _ tile: UnsafePointer<Float>, _ pixels: Range<Int>, _ channels: Range<Int>, _ epilogue: ChannelEpilogue,
    _ y: UnsafeMutablePointer<Float>
  ) {
    if parts.isChannelsLast(parts.epilogue.output) {
      let target = y + pixels.lowerBound * parts.outputChannels
      for channel in stride(from: channels.lowerBound, to: channels.upperBound, by: channelWidth) {
        epilogue.part(channel).finish(
          pixels: pixels.count, tile + channel, outputStep, to: target + channel, parts.outputChannels,
          first: min(channelWidth, channels.upperBound - channel))
      }
    } else {
      for channel in channels {
        let target = y + (channel * parts.geometry.outputPixels + pixels.lowerBound)
        for pixel in 0..<pixels.count {
          target[pixel] = epilogue.finish(tile[pixel * outputStep + channel], channel: channel)
        }
      }
    }
  }
}
