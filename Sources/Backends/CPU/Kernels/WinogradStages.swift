/// The three steps of a Winograd convolution, and the two ways to share them out between lanes.
import DecoupledBackendKit

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
  func run(_ call: KernelCall, _ x: Rows<Float>, _ y: Rows<Float>, _ matrices: UnsafeMutablePointer<Float>) throws {
    let total = x.count * tiles.perImage
    guard blocks.isShared else { return try runBlocks(call, x, y) }
    for first in stride(from: 0, to: total, by: blocks.tiles) {
      try runShared(call, first..<min(total, first + blocks.tiles), x, y, matrices)
    }
  }

  /// Each lane takes blocks of tiles through all steps.
  private func runBlocks(_ call: KernelCall, _ x: Rows<Float>, _ y: Rows<Float>) throws {
    let total = x.count * tiles.perImage
    // As many blocks as lanes, or a multiple of it, where there are few: the lanes end together.
    let (least, lanes) = ((total + blocks.tiles - 1) / blocks.tiles, call.lanes)
    let count = least < 8 * lanes ? (least + lanes - 1) / lanes * lanes : least
    try call.parallelFor(count) { index, lane in
      let block = index * total / count..<(index + 1) * total / count
      let scratch = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      let step = Steps(block.count, inputStep, outputStep)
      let transformed = scratch + WinogradTiles<Form>.scratchCount(channels: channels)
      let products = transformed + Form.frequencies * step.input.step
      tiles.transformInput(
        x, channels: channels, tiles: block, into: transformed, step.input, scratch: scratch)
      for frequency in 0..<Form.frequencies {
        multiply(transformed, frequency, block.count, 0..<packing.panels, into: products, step)
      }
      tiles.transformOutput(
        products, step.output, channels: outputChannels, tiles: block, epilogue, to: y,
        scratch: scratch)
    }
  }

  /// All lanes take one block of tiles from step to step.
  private func runShared(
    _ call: KernelCall, _ block: Range<Int>, _ x: Rows<Float>, _ y: Rows<Float>,
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
      self.tiles.transformInput(
        x, channels: channels, tiles: tiles(index), into: matrices + index * part * inputStep,
        step.input, scratch: call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self))
    }
    let cuts = min(packing.panels, 2)
    try call.parallelFor(Form.frequencies * cuts) { index, _ in
      let (frequency, cut) = (index / cuts, index % cuts)
      let panels = cut * packing.panels / cuts..<(cut + 1) * packing.panels / cuts
      multiply(matrices, frequency, block.count, panels, into: products, step)
    }
    try call.parallelFor(partCount) { index, lane in
      self.tiles.transformOutput(
        products + index * part * outputStep, step.output, channels: outputChannels,
        tiles: tiles(index), epilogue, to: y, scratch: call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self))
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
