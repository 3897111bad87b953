/// How a convolution is cut into products. Chosen from the shape of one image alone, and each product holds pixels of one
/// image, because OpenBLAS rounds differently near the edges of a product: so neither the number of lanes nor the other
/// images of a batch change a bit of an image's result.
///
/// - `tiles`: a task makes a tile of output pixels for a block of output channels. It builds the window matrix of the tile
///   a few input channels at a time (so that the piece stays in the second-level cache), adds the product with the weights
///   of those channels to the tile, and finishes the tile while it is hot.
/// - `shared`: few pixels and large weights (fully connected layers). The window matrices of a group of images are built
///   once in the shared workspace; then tasks over blocks of output channels read each weight once from memory, and from
///   the cache for the images of the group but the first.
import DecoupledBackendKit

struct ConvolutionMethod {
  enum Kind { case tiles, shared }

  let geometry: ConvolutionGeometry
  /// Parts of the channels that do not meet; what follows is of each part.
  let groups: Int
  let channels: Int
  let outputChannels: Int
  /// Whether the weights are stored as [channels, outputChannels] (1x1 kernels only).
  let hasTransposedWeights: Bool
  let kind: Kind
  /// Output pixels of a tile; all of an image's with `shared`.
  let tilePixels: Int
  let tileCount: Int
  /// Images whose window matrices are made together (`shared`).
  let groupImages: Int
  let blockChannels: Int
  let blockCount: Int
  /// Input channels per product.
  let slice: Int

  private var columnStep: Int { paddedStep(groupImages * tilePixels) }
  /// Whether products read the image in place of a window matrix.
  private var readsImage: Bool { kind == .tiles && geometry.isPointwise }

  init(
    _ geometry: ConvolutionGeometry, channels: Int, outputChannels: Int, groups: Int = 1,
    transposedWeights: Bool = false
  ) {
    self.geometry = geometry
    self.groups = groups
    self.channels = channels
    self.outputChannels = outputChannels
    hasTransposedWeights = transposedWeights
    let pixels = geometry.outputPixels
    let weights = channels * geometry.kernelSize * outputChannels
    kind = pixels < 64 && weights >= 1 << 20 && groups == 1 ? .shared : .tiles
    // Measured: the products change by a few percent between 256 and 1024 columns, and between 192 and 640 rows.
    let largest = outputChannels < 512 ? 512 : 1024
    let tiles = (pixels + largest - 1) / largest
    tilePixels = kind == .shared ? pixels : min(pixels, ((pixels + tiles - 1) / tiles + 15) & ~15)
    tileCount = (pixels + tilePixels - 1) / tilePixels
    groupImages = kind == .shared ? max(1, 512 / pixels) : 1
    // Blocks of output channels, where a single image has too few tiles to share between lanes.
    var blocks = 1
    if kind == .shared {
      blocks = max(1, min(32, outputChannels / 64))
    } else if tileCount < 4, outputChannels >= 64 {
      blocks = outputChannels >= 128 && tileCount % 2 == 1 ? 4 / min(tileCount, 2) : 2
      if weights < 1 << 16 { blocks = 1 }
    }
    blockChannels = ((outputChannels + blocks - 1) / blocks + 3) & ~3
    blockCount = (outputChannels + blockChannels - 1) / blockChannels
    let depth = max(1, 288 / geometry.kernelSize)
    let slices = (channels + depth - 1) / depth
    slice = (channels + slices - 1) / slices
  }

  /// Floats shared by all lanes.
  func workspaceCount(batch: Int) -> Int {
    kind == .shared ? channels * geometry.kernelSize * columnStep : 0
  }

  /// Floats of each lane.
  var laneWorkspaceCount: Int {
    let tile = blockChannels * columnStep
    return kind == .shared || readsImage ? tile : tile + slice * geometry.kernelSize * columnStep
  }

  /// Runs the convolution. `weights` rows are `weightStep` floats apart.
  func run(
    _ call: KernelCall, _ x: Rows<Float>, _ weights: UnsafePointer<Float>, _ weightStep: Int, _ epilogue: Epilogue,
    _ y: Rows<Float>, workspace: UnsafeMutablePointer<Float>?
  ) throws {
    switch kind {
    case .tiles:
      let tasks = tileCount * blockCount
      try call.parallelFor(x.count * groups * tasks) { index, lane in
        let (image, group) = (index / tasks / groups, index / tasks % groups)
        let first = index % tasks / blockCount * tilePixels
        let output = group * outputChannels
        runTile(
          x[image] + group * channels * geometry.inputPixels,
          pixels: first..<min(first + tilePixels, geometry.outputPixels), block: index % blockCount,
          weights + (hasTransposedWeights ? group * channels : output) * weightStep, weightStep,
          epilogue.from(channel: output), y[image] + output * geometry.outputPixels,
          floats(call.laneWorkspace(lane)))
      }
    case .shared:
      guard let workspace else { return }
      for first in stride(from: 0, to: x.count, by: groupImages) {
        let images = first..<min(first + groupImages, x.count)
        try runShared(call, x, images, weights, weightStep, epilogue, y, workspace)
      }
    }
  }

  private func floats(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Float> {
    pointer!.assumingMemoryBound(to: Float.self)
  }

  private func channels(ofBlock block: Int) -> Range<Int> {
    block * blockChannels..<min(outputChannels, (block + 1) * blockChannels)
  }

  /// tile += weights[block, slice] * columns
  private func multiply(
    _ weights: UnsafePointer<Float>, _ step: Int, _ block: Range<Int>, _ from: Int, _ to: Int,
    _ columns: UnsafePointer<Float>, _ columnStep: Int, _ tile: UnsafeMutablePointer<Float>, _ tileStep: Int,
    _ count: Int
  ) {
    let start =
      hasTransposedWeights
      ? weights + from * step + block.lowerBound : weights + block.lowerBound * step + from * geometry.kernelSize
    Product.run(
      m: block.count, n: count, k: (to - from) * geometry.kernelSize, start, step, transposedA: hasTransposedWeights,
      columns, columnStep, tile, tileStep, beta: 1)
  }

  private func runTile(
    _ image: UnsafePointer<Float>, pixels: Range<Int>, block: Int, _ weights: UnsafePointer<Float>, _ weightStep: Int,
    _ epilogue: Epilogue, _ result: UnsafeMutablePointer<Float>, _ lane: UnsafeMutablePointer<Float>
  ) {
    let block = channels(ofBlock: block)
    let step = columnStep
    let tile = lane
    let columns = lane + blockChannels * step
    epilogue.start(tile, step: step, channels: block, count: pixels.count)
    for from in stride(from: 0, to: channels, by: slice) {
      let to = min(channels, from + slice)
      if readsImage {
        let plane = geometry.inputPixels
        multiply(
          weights, weightStep, block, from, to, image + (from * plane + pixels.lowerBound), plane, tile, step,
          pixels.count)
      } else {
        geometry.fill(image, channels: from..<to, pixels: pixels, into: columns, step: step)
        multiply(weights, weightStep, block, from, to, columns, step, tile, step, pixels.count)
      }
    }
    for channel in block {
      epilogue.finish(
        tile + (channel - block.lowerBound) * step, channel: channel, count: pixels.count,
        to: result + (channel * geometry.outputPixels + pixels.lowerBound))
    }
  }

  private func runShared(
    _ call: KernelCall, _ x: Rows<Float>, _ images: Range<Int>, _ weights: UnsafePointer<Float>, _ weightStep: Int,
    _ epilogue: Epilogue, _ y: Rows<Float>, _ workspace: UnsafeMutablePointer<Float>
  ) throws {
    let step = columnStep
    let pixels = geometry.outputPixels
    let part = max(1, 1024 / geometry.kernelSize)
    try call.parallelFor((channels + part - 1) / part) { index, _ in
      let range = index * part..<min(channels, (index + 1) * part)
      for image in images {
        geometry.fill(
          x[image], channels: range, pixels: 0..<pixels,
          into: workspace + (range.lowerBound * geometry.kernelSize * step + (image - images.lowerBound) * pixels),
          step: step)
      }
    }
    try call.parallelFor(blockCount) { index, lane in
      let block = channels(ofBlock: index)
      let tile = floats(call.laneWorkspace(lane))
      epilogue.start(tile, step: step, channels: block, count: images.count * pixels)
      for from in stride(from: 0, to: channels, by: slice) {
        for image in 0..<images.count {
          multiply(
            weights, weightStep, block, from, min(channels, from + slice),
            workspace + (from * geometry.kernelSize * step + image * pixels), step, tile + image * pixels, step, pixels)
        }
      }
      finish(tile, step, block, images, epilogue, y)
    }
  }

  /// Hands the columns of a tile to the images they belong to.
  private func finish(
    _ tile: UnsafeMutablePointer<Float>, _ step: Int, _ block: Range<Int>, _ images: Range<Int>, _ epilogue: Epilogue,
    _ y: Rows<Float>
  ) {
    let pixels = geometry.outputPixels
    for image in images {
      for channel in block {
        epilogue.finish(
          tile + ((channel - block.lowerBound) * step + (image - images.lowerBound) * pixels), channel: channel,
          count: pixels, to: y[image] + channel * pixels)
      }
    }
  }
}
