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
  /// What comes first, where the images are un-pooled.
  private let unpooling: ChannelsLastMaximumUnpooling?
  /// What comes last, where the results are pooled.
  private let pooling: ChannelsLastMaximumPooling?
  private let packing: WeightPacking
  private let blocks: WinogradBlocks
  /// Computes the layer when its kernels are zero but in the middle.
  private let pointwise: PatchConvolution
  /// Where the workspace has room for images, or results, between kernels that had to be run one by one.
  private let betweenOffset: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  /// - Parameters:
  ///   - kind: `winograd4` or `winograd6`.
  ///   - unpooling: makes the images that are convolved; one that `isReadInPlace`.
  ///   - pooling: takes the results, in place of a caller; one that `isWrittenInPlace`. Not beside `unpooling`.
  init(
    _ parts: ConvolutionParts, _ kind: WeightForm.Kind, unpooling: ChannelsLastMaximumUnpooling? = nil,
    pooling: ChannelsLastMaximumPooling? = nil
  ) throws {
    (self.parts, self.unpooling, self.pooling) = (parts, unpooling, pooling)
    packing = parts.packing(kind)
    let floats: WinogradBlocks.Workspace
    switch kind {
    case .winograd6: (blocks, floats) = WinogradBlocks.plan(Winograd6.self, parts)
    default: (blocks, floats) = WinogradBlocks.plan(Winograd4.self, parts)
    }
    pointwise = try PatchConvolution(parts.centres)
    let own = max(
      unpooling?.workspaceSize ?? 0, pointwise.workspaceSize,
      (ChannelEpilogue.workspaceCount(parts.epilogue) + floats.shared) * 4)
    betweenOffset = (own + 63) & ~63
    let between = unpooling != nil ? parts.x.elementCount : pooling != nil ? parts.epilogue.output.elementCount : 0
    workspaceSize = betweenOffset + between * 4
    laneWorkspaceSize = max(pointwise.laneWorkspaceSize, floats.lane * 4)
  }

  var algorithm: KernelAlgorithm? {
    packing.form.kind == .winograd6 ? Winograd6.algorithm("winograd6") : Winograd4.algorithm("winograd4")
  }

  func packedForm(input: Int) -> UInt64 { parts.packedForm(input: input, packing) }

  func run(_ call: KernelCall) throws {
    if let unpooling {
      try run(call, unpooling)
    } else if let pooling {
      try run(call, pooling)
    } else {
      let x: Rows<Float> = try call.input(parts.x)
      let y: Rows<Float> = try call.output(parts.epilogue.output)
      try call.requireBatch(x.count, y.count, layer: parts.x.layer)
      _ = try convolve(call, .pixels(x), .pixels(y), images: y.count)
    }
  }

  /// Un-pooled and convolved, one after the other where a switch leads out of its window or the kernels are 1x1 kernels.
  private func run(_ call: KernelCall, _ unpooling: ChannelsLastMaximumUnpooling) throws {
    let y: Rows<Float> = try call.output(parts.epilogue.output)
    let images = try unpooling.pooledImages(call)
    try call.requireBatch(images.pixels.count, y.count, layer: parts.x.layer)
    if try convolve(call, .pooled(images), .pixels(y), images: y.count) { return }
    let x = between(call, y.count, parts.x)
    try unpooling.run(call, into: x)
    _ = try convolve(call, .pixels(x), .pixels(y), images: y.count)
  }

  /// Convolved and pooled, one after the other where the kernels are 1x1 kernels.
  private func run(_ call: KernelCall, _ pooling: ChannelsLastMaximumPooling) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let results = try pooling.results(call)
    try call.requireBatch(x.count, results.values.count, layer: parts.x.layer)
    if try convolve(call, .pixels(x), .pooled(results), images: x.count) { return }
    let y = between(call, x.count, parts.epilogue.output)
    _ = try convolve(call, .pixels(x), .pixels(y), images: x.count)
    try pooling.run(call, y)
  }

  private func between(_ call: KernelCall, _ count: Int, _ operand: Operand) -> Rows<Float> {
    let start = (call.workspace! + betweenOffset).assumingMemoryBound(to: Float.self)
    return Rows(base: start, count: count, length: operand.rowLength, stride: operand.rowLength)
  }

  /// Returns false when the images cannot be read, or the results written, in this way.
  private func convolve(_ call: KernelCall, _ x: TileSource, _ y: TileTarget, images: Int) throws -> Bool {
    let workspace = call.workspace!.assumingMemoryBound(to: Float.self)
    var isDone = true
    try parts.withWeights(packing, call) { weights, isPointwise in
      if isPointwise {
        if case .pixels(let x) = x, case .pixels(let y) = y {
          try pointwise.run(call, x, weights, y)
        } else {
          isDone = false
        }
        return
      }
      let epilogue = try ChannelEpilogue(parts.epilogue, call, workspace)
      let matrices = workspace + ChannelEpilogue.workspaceCount(parts.epilogue)
      // Named types, because generic code is only fast where the compiler sees what it is called with.
      switch packing.form.kind {
      case .winograd6:
        let stages = WinogradStages<Winograd6>(parts, packing, blocks, weights, epilogue)
        isDone = try stages.run(call, x, y, images: images, matrices)
      default:
        let stages = WinogradStages<Winograd4>(parts, packing, blocks, weights, epilogue)
        isDone = try stages.run(call, x, y, images: images, matrices)
      }
    }
    return isDone
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
    let scratch = WinogradStages<Form>.scratchCount(channels: parts.inputChannels)
    return (
      WinogradBlocks(tiles: tiles, isShared: isShared),
      Workspace(shared: isShared ? matrices : 0, lane: scratch + (isShared ? 0 : matrices))
    )
  }
}
