/// Convolutions with 3x3 kernels and stride 1 on NHWC images, in Winograd's form: the transformed image times the
/// transformed weights, a matrix product for each frequency.
///
/// - Many tiles: a task takes a block of tiles through all three steps in its lane's workspace.
/// - Few tiles: each step is shared out between the lanes, so that a layer with large weights reads them once.
///
/// A tile's result does not depend on the others of its block, so neither does it on how tiles are cut into blocks.
import DecoupledBackendKit

final class WinogradConvolution<Form: WinogradForm>: SwiftKernel {
  private let parts: ConvolutionParts
  private let packing: WeightPacking
  private let tiles: WinogradTiles<Form>
  /// Tiles whose transforms are in memory at a time.
  private let blockTiles: Int
  private let isShared: Bool
  private let inputStep: Int
  private let outputStep: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ parts: ConvolutionParts, _ kind: WeightForm.Kind) throws {
    self.parts = parts
    packing = parts.packing(kind)
    tiles = WinogradTiles(parts.geometry)
    inputStep = (parts.inputChannels + 7) & ~7
    outputStep = packing.panels * 16
    let total = tiles.perImage * parts.x.rows
    // A block reads all weights once: the more of them, the more tiles have to share them.
    let wanted = WinogradBlocks.tiles(inputs: parts.inputChannels, outputs: parts.outputChannels)
    isShared = total < 6 * wanted
    blockTiles = isShared ? min(total, 4 * wanted) : wanted
    let matrices =
      Form.frequencies
      * (WinogradTiles<Form>.step(tiles: blockTiles, channels: inputStep)
        + WinogradTiles<Form>.step(tiles: blockTiles, channels: outputStep))
    let scratch = WinogradTiles<Form>.scratchCount(channels: parts.inputChannels)
    workspaceSize = (ChannelEpilogue.workspaceCount(parts.epilogue) + (isShared ? matrices : 0)) * 4
    laneWorkspaceSize = (scratch + (isShared ? 0 : matrices)) * 4
  }

  func packedForm(input: Int) -> UInt64 { parts.packedForm(input: input, packing) }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: parts.x.layer)
    let workspace = call.workspace!.assumingMemoryBound(to: Float.self)
    let epilogue = try ChannelEpilogue(parts.epilogue, call, workspace)
    try parts.withWeights(packing, call) { weights in
      if isShared {
        let matrices = workspace + ChannelEpilogue.workspaceCount(parts.epilogue)
        let total = x.count * tiles.perImage
        for first in stride(from: 0, to: total, by: blockTiles) {
          try runShared(call, first..<min(total, first + blockTiles), x, weights, epilogue, y, matrices)
        }
      } else {
        try runBlocks(call, x, weights, epilogue, y)
      }
    }
  }

  private func runBlocks(
    _ call: KernelCall, _ x: Rows<Float>, _ weights: UnsafePointer<Float>, _ epilogue: ChannelEpilogue, _ y: Rows<Float>
  ) throws {
    let total = x.count * tiles.perImage
    let blocks = (total + blockTiles - 1) / blockTiles
    try call.parallelFor(blocks) { index, lane in
      let block = index * total / blocks..<(index + 1) * total / blocks
      let scratch = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      let step = Steps(block.count, inputStep, outputStep)
      let transformed = scratch + WinogradTiles<Form>.scratchCount(channels: parts.inputChannels)
      let products = transformed + Form.frequencies * step.input
      tiles.transformInput(
        x, channels: parts.inputChannels, tiles: block, into: transformed, rowStep: inputStep, step: step.input,
        scratch: scratch)
      for frequency in 0..<Form.frequencies {
        multiply(
          transformed + frequency * step.input, weights + frequency * packing.step, block.count, 0..<packing.panels,
          into: products + frequency * step.output)
      }
      tiles.transformOutput(
        products, rowStep: outputStep, step: step.output, channels: parts.outputChannels, tiles: block, epilogue, to: y,
        scratch: scratch)
    }
  }

  private func runShared(
    _ call: KernelCall, _ block: Range<Int>, _ x: Rows<Float>, _ weights: UnsafePointer<Float>,
    _ epilogue: ChannelEpilogue, _ y: Rows<Float>, _ matrices: UnsafeMutablePointer<Float>
  ) throws {
    let step = Steps(block.count, inputStep, outputStep)
    let products = matrices + Form.frequencies * step.input
    let part = 4
    let partCount = (block.count + part - 1) / part
    func tiles(_ index: Int) -> Range<Int> {
      block.lowerBound + index * part..<min(block.upperBound, block.lowerBound + (index + 1) * part)
    }
    try call.parallelFor(partCount) { index, lane in
      self.tiles.transformInput(
        x, channels: parts.inputChannels, tiles: tiles(index), into: matrices + index * part * inputStep,
        rowStep: inputStep, step: step.input, scratch: call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self))
    }
    let cuts = min(packing.panels, 2)
    try call.parallelFor(Form.frequencies * cuts) { index, _ in
      let (frequency, cut) = (index / cuts, index % cuts)
      multiply(
        matrices + frequency * step.input, weights + frequency * packing.step, block.count,
        cut * packing.panels / cuts..<(cut + 1) * packing.panels / cuts, into: products + frequency * step.output)
    }
    try call.parallelFor(partCount) { index, lane in
      self.tiles.transformOutput(
        products + index * part * outputStep, rowStep: outputStep, step: step.output, channels: parts.outputChannels,
        tiles: tiles(index), epilogue, to: y, scratch: call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self))
    }
  }

  /// Distances between the matrices of two frequencies.
  private struct Steps {
    let input: Int
    let output: Int
    init(_ tiles: Int, _ inputStep: Int, _ outputStep: Int) {
      input = WinogradTiles<Form>.step(tiles: tiles, channels: inputStep)
      output = WinogradTiles<Form>.step(tiles: tiles, channels: outputStep)
    }
  }

  /// The product of one frequency for some panels of output channels.
  private func multiply(
    _ transformed: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ tiles: Int, _ panels: Range<Int>,
    into products: UnsafeMutablePointer<Float>
  ) {
    PanelProduct.run(
      rows: tiles, depth: parts.inputChannels, transformed, inputStep, weights, panelStep: parts.inputChannels * 16,
      panels: panels, into: products, outputStep)
  }
}

enum WinogradBlocks {
  /// Tiles of a block, measured: a multiple of the rows of the micro-kernel.
  static func tiles(inputs: Int, outputs: Int) -> Int {
    inputs * outputs <= 64 * 128 ? 48 : 96
  }
}
