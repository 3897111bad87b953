/// The three steps of a Winograd convolution, and the two ways to share them out between lanes.
import DecoupledBackendKit

/// Where a convolution reads its images.
enum TileSource {
  case pixels(Rows<Float>)
  /// Un-pooled on the way.
  case pooled(PooledImages)
}

/// Where a convolution writes its results.
enum TileTarget {
  case pixels(Rows<Float>)
  /// Pooled on the way.
  case pooled(PooledResults)
}

struct WinogradStages<Form: WinogradForm> {
  private let channels: Int
  private let outputChannels: Int
  private let packing: WeightPacking
  private let tiles: WinogradTiles<Form>
  private let blocks: WinogradBlocks
  private let weights: UnsafePointer<Float>
  private let epilogue: ChannelEpilogue
  /// Floats from one tile to the next in the transforms of the image and in the products.
  private let inputStep: Int
  private let outputStep: Int

  init(
    _ parts: ConvolutionParts, _ packing: WeightPacking, _ blocks: WinogradBlocks, _ weights: UnsafePointer<Float>,
    _ epilogue: ChannelEpilogue
  ) {
    (channels, outputChannels) = (parts.inputChannels, parts.outputChannels)
    self.packing = packing
    tiles = WinogradTiles(parts.geometry)
    self.blocks = blocks
    self.weights = weights
    self.epilogue = epilogue
    inputStep = wholeVectors(channels)
    outputStep = packing.panels * 16
  }

  /// - Parameter matrices: the workspace of all lanes, as planned.
  /// - Returns: false when the images could not be read so (`TileSource.pooled`): y is undefined then.
  func run(
    _ call: KernelCall, _ x: TileSource, _ y: TileTarget, images: Int, _ matrices: UnsafeMutablePointer<Float>
  ) throws -> Bool {
    let total = images * tiles.perImage
    for lane in 0..<call.lanes { failure(call, lane).pointee = 0 }
    if blocks.isShared {
      for first in stride(from: 0, to: total, by: blocks.tiles) {
        try runShared(call, first..<min(total, first + blocks.tiles), x, y, matrices)
      }
    } else {
      try runBlocks(call, total, x, y)
    }
    return !(0..<call.lanes).contains { failure(call, $0).pointee != 0 }
  }

  /// Not 0 when the lane met an image that it could not read; in front of its scratch.
  private func failure(_ call: KernelCall, _ lane: Int) -> UnsafeMutablePointer<Float> {
    call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
  }

  /// Floats of a lane that come before its matrices.
  static func scratchCount(channels: Int) -> Int {
    16 + max(WinogradTiles<Form>.scratchCount(channels: channels), WinogradTiles<Form>.unpoolingScratchCount)
  }

  private func scratch(_ call: KernelCall, _ lane: Int) -> UnsafeMutablePointer<Float> { failure(call, lane) + 16 }

  private func transformInput(
    _ call: KernelCall, _ lane: Int, _ x: TileSource, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>,
    _ placement: WinogradPlacement
  ) {
    switch x {
    case .pixels(let pixels):
      tiles.transformInput(
        pixels, channels: channels, tiles: range, into: matrices, placement, scratch: scratch(call, lane))
    case .pooled(let images):
      let isRead = tiles.transformInput(
        images, channels: channels, tiles: range, into: matrices, placement, scratch: scratch(call, lane))
      if !isRead { failure(call, lane).pointee = 1 }
    }
  }

  private func transformOutput(
    _ call: KernelCall, _ lane: Int, _ products: UnsafePointer<Float>, _ placement: WinogradPlacement,
    _ range: Range<Int>, to y: TileTarget
  ) {
    switch y {
    case .pixels(let pixels):
      tiles.transformOutput(
        products, placement, channels: outputChannels, tiles: range, epilogue, to: pixels, scratch: scratch(call, lane))
    case .pooled(let results):
      tiles.transformOutput(
        products, placement, channels: outputChannels, tiles: range, epilogue, pooledTo: results,
        scratch: scratch(call, lane))
    }
  }

  /// Each lane takes blocks of tiles through all steps.
  private func runBlocks(_ call: KernelCall, _ total: Int, _ x: TileSource, _ y: TileTarget) throws {
    // As many blocks as lanes, or a multiple of it, where there are few: the lanes end together.
    let (least, lanes) = ((total + blocks.tiles - 1) / blocks.tiles, call.lanes)
    let count = least < 8 * lanes ? (least + lanes - 1) / lanes * lanes : least
    try call.parallelFor(count) { index, lane in
      let block = index * total / count..<(index + 1) * total / count
      let step = Steps(block.count, inputStep, outputStep)
      let transformed = failure(call, lane) + Self.scratchCount(channels: channels)
      let products = transformed + Form.frequencies * step.input.step
      transformInput(call, lane, x, block, into: transformed, step.input)
      for frequency in 0..<Form.frequencies {
        multiply(transformed, frequency, block.count, 0..<packing.panels, into: products, step)
      }
      transformOutput(call, lane, products, step.output, block, to: y)
    }
  }

  /// All lanes take one block of tiles from step to step.
  private func runShared(
    _ call: KernelCall, _ block: Range<Int>, _ x: TileSource, _ y: TileTarget,
    _ matrices: UnsafeMutablePointer<Float>
  ) throws {
    let step = Steps(block.count, inputStep, outputStep)
    let products = matrices + Form.frequencies * step.input.step
    let part = 4
    let partCount = (block.count + part - 1) / part
    func tiles(_ index: Int) -> Range<Int> {
      block.lowerBound + index * part..<min(block.upperBound, block.lowerBound + (index + 1) * part)
    }
    try call.parallelFor(partCount) { index, lane in
      transformInput(call, lane, x, tiles(index), into: matrices + index * part * inputStep, step.input)
    }
    let cuts = min(packing.panels, 2)
    try call.parallelFor(Form.frequencies * cuts) { index, _ in
      let (frequency, cut) = (index / cuts, index % cuts)
      let panels = cut * packing.panels / cuts..<(cut + 1) * packing.panels / cuts
      multiply(matrices, frequency, block.count, panels, into: products, step)
    }
    try call.parallelFor(partCount) { index, lane in
      transformOutput(call, lane, products + index * part * outputStep, step.output, tiles(index), to: y)
    }
  }

  /// Where the transforms of the image and the products stand.
  private struct Steps {
    let input: WinogradPlacement
    let output: WinogradPlacement
    init(_ tiles: Int, _ inputStep: Int, _ outputStep: Int) {
      input = .rows(tiles: tiles, channels: inputStep)
      output = .rows(tiles: tiles, channels: outputStep)
    }
  }

  /// The product of one frequency for some panels of output channels.
  private func multiply(
    _ transformed: UnsafePointer<Float>, _ frequency: Int, _ tiles: Int, _ panels: Range<Int>,
    into products: UnsafeMutablePointer<Float>, _ step: Steps
  ) {
    PanelProduct.run(
      rows: tiles, depth: channels, transformed + frequency * step.input.step, inputStep,
      weights + frequency * packing.step, panelStep: channels * 16, panels: panels,
      into: products + frequency * step.output.step, outputStep)
  }
}
