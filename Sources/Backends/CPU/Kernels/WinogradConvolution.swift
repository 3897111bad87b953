/// Convolutions with 3x3 kernels and stride 1 on NHWC images, in Winograd's form: the transformed image times the
/// transformed weights, a matrix product for each frequency.
///
/// - Many tiles: a task takes a block of tiles through all three steps in its lane's workspace.
/// - Few tiles: each step is shared out between the lanes, so that a layer with large weights reads them once.
///
/// A tile's result does not depend on the others of its block, so neither does it on how tiles are cut into blocks.
import DecoupledBackendKit

final class WinogradConvolution: SwiftKernel {
  private let parts: ConvolutionParts
  private let packing: WeightPacking
  private let blocks: WinogradBlocks
  /// Computes the layer when its kernels are zero but in the middle.
  private let pointwise: PatchConvolution
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  /// - Parameter kind: `winograd4` or `winograd6`.
  init(_ parts: ConvolutionParts, _ kind: WeightForm.Kind) throws {
    self.parts = parts
    packing = parts.packing(kind)
    let floats: WinogradBlocks.Workspace
    switch kind {
    case .winograd6: (blocks, floats) = WinogradBlocks.plan(Winograd6.self, parts)
    default: (blocks, floats) = WinogradBlocks.plan(Winograd4.self, parts)
    }
    pointwise = try PatchConvolution(parts.centres)
    workspaceSize = max(
      pointwise.workspaceSize, (ChannelEpilogue.workspaceCount(parts.epilogue) + floats.shared) * 4)
    laneWorkspaceSize = max(pointwise.laneWorkspaceSize, floats.lane * 4)
  }

  func packedForm(input: Int) -> UInt64 { parts.packedForm(input: input, packing) }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: parts.x.layer)
    let workspace = call.workspace!.assumingMemoryBound(to: Float.self)
    let epilogue = try ChannelEpilogue(parts.epilogue, call, workspace)
    let matrices = workspace + ChannelEpilogue.workspaceCount(parts.epilogue)
    try parts.withWeights(packing, call) { weights, isPointwise in
      if isPointwise { return try pointwise.run(call, weights) }
      // Named types, because generic code is only fast where the compiler sees what it is called with.
      switch packing.form.kind {
      case .winograd6:
        let stages = WinogradStages<Winograd6>(parts, packing, blocks, weights, epilogue)
        try stages.run(call, x, y, matrices)
      default:
        let stages = WinogradStages<Winograd4>(parts, packing, blocks, weights, epilogue)
        try stages.run(call, x, y, matrices)
      }
    }
  }
}

/// How the tiles of a layer are cut.
struct WinogradBlocks {
  /// Tiles whose transforms are in memory at a time.
  let tiles: Int
  /// Whether the lanes work on the same block.
  let isShared: Bool

  /// Floats for all lanes and for each.
  struct Workspace {
    let shared: Int
    let lane: Int
  }

  static func plan<Form: WinogradForm>(_: Form.Type, _ parts: ConvolutionParts) -> (WinogradBlocks, Workspace) {
    let total = WinogradTiles<Form>(parts.geometry).perImage * parts.x.rows
    let (inputs, outputs) = (wholeVectors(parts.inputChannels), (parts.outputChannels + 15) & ~15)
    // Few weights: blocks that the second-level cache holds. Many: each block reads them all, so more tiles share them.
    // Measured on Zen 3, and multiples of the rows of the micro-kernel.
    let wanted = inputs * outputs <= 128 * 128 ? 24 : 96
    let isShared = total < 6 * wanted
    // A little more room, so that a few tiles too many make no block of their own.
    let tiles = isShared ? min(total, 4 * wanted) : wanted + wanted / 6
    let matrices =
      Form.frequencies
      * (WinogradPlacement.rows(tiles: tiles, channels: inputs).step
        + WinogradPlacement.rows(tiles: tiles, channels: outputs).step)
    let scratch = WinogradTiles<Form>.scratchCount(channels: parts.inputChannels)
    return (
      WinogradBlocks(tiles: tiles, isShared: isShared),
      Workspace(shared: isShared ? matrices : 0, lane: scratch + (isShared ? 0 : matrices))
    )
  }
}
