/// ConvWeightGradient: dw = the sum over images and pixels of dy times the transposed window matrix of x.
///
/// Tasks are blocks of input channels times parts of the pixels; both are cut by shape. Each task adds up its part in
/// order. Where there are several parts of pixels (few input channels), each has its own partial sum in the workspace, and
/// the partial sums are added in order at the end: the bits do not depend on the number of lanes.
///
/// Pixels come in units: a tile of one image, or, where images are small, several images side by side.
import CDecoupled
import DecoupledBackendKit

final class ConvolutionWeightGradient: SwiftKernel {
  private let x: Operand
  private let dy: Operand
  private let dw: Operand
  private let geometry: ConvolutionGeometry
  private let groups: Int
  private let tilePixels: Int
  private let tileCount: Int
  private let groupImages: Int
  private let columnStep: Int
  private let blockChannels: Int
  private let blockCount: Int
  private let partCount: Int
  private let gatherStep: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ node: NodeReader) throws {
    x = try node.input(0, rank: 4...4)
    dy = try node.input(1, rank: 4...4)
    dw = try node.output(0, rank: 4...4)
    let kernel = try node.requiredList("kernel_shape", count: 2)
    groups = try node.group()
    try node.require(
      dw.shape == [dy.shape[1], x.shape[1] / groups] + kernel && x.shape[1] % groups == 0 && dy.shape[1] % groups == 0,
      "the gradient has shape \(dw.shape) in \(groups) groups")
    try node.require(x.shape[0] == dy.shape[0], "batches of \(x.shape[0]) and \(dy.shape[0]) images")
    geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: kernel, result: Array(dy.shape[2...]))
    let pixels = geometry.outputPixels
    let (channels, size) = (dw.shape[1], geometry.kernelSize)
    let largest = 768
    let tiles = (pixels + largest - 1) / largest
    tilePixels = pixels >= 192 ? min(pixels, ((pixels + tiles - 1) / tiles + 15) & ~15) : pixels
    tileCount = (pixels + tilePixels - 1) / tilePixels
    groupImages = pixels >= 192 ? 1 : min(x.rows, max(1, largest / pixels))
    columnStep = paddedStep(groupImages * tilePixels)
    let wanted = max(1, 512 / size)
    let blocks = (channels + wanted - 1) / wanted
    blockChannels = (channels + blocks - 1) / blocks
    blockCount = (channels + blockChannels - 1) / blockChannels
    let units = (x.rows + groupImages - 1) / groupImages * tileCount
    let blockTasks = groups * blockCount
    partCount = blockTasks >= 6 ? 1 : min(units, (12 + blockTasks - 1) / blockTasks)
    gatherStep = groupImages == 1 ? 0 : paddedStep(x.rows * pixels)
    let partials = partCount == 1 ? 0 : partCount * dw.elementCount
    workspaceSize = (partials + dy.shape[1] * gatherStep) * 4
    laneWorkspaceSize = blockChannels * size * columnStep * 4
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let dy: Rows<Float> = try call.input(self.dy)
    let dw: Rows<Float> = try call.wholeOutput(self.dw)
    try call.requireBatch(x.count, dy.count, layer: self.x.layer)
    var workspace = call.workspace?.assumingMemoryBound(to: Float.self)
    var gathered: UnsafeMutablePointer<Float>?
    if groupImages > 1, let space = workspace {
      try gather(call, dy, into: space)
      gathered = space
      workspace = space + self.dy.shape[1] * gatherStep
    }
    let units = (x.count + groupImages - 1) / groupImages * tileCount
    let parts = min(partCount, units)
    let count = self.dw.elementCount
    let partials = workspace
    let blockTasks = groups * blockCount
    try call.parallelFor(blockTasks * parts) { index, lane in
      let part = index / blockTasks
      let range = part * units / parts..<(part + 1) * units / parts
      let lane = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      if parts == 1 {
        accumulate(x, dy, gathered, units: range, block: index % blockTasks, lane, dw.base, dw.stride)
      } else if let partials {
        accumulate(
          x, dy, gathered, units: range, block: index % blockTasks, lane, partials + part * count, self.dw.rowLength)
      }
    }
    guard parts > 1, let partials else { return }
    let tasks = RowTasks(rows: self.dw.rows, length: self.dw.rowLength)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { row, start, length in
        let target = dw[row] + start
        let first = partials + (row * self.dw.rowLength + start)
        target.update(from: first, count: length)
        for part in 1..<parts {
          let source = first + part * count
          for i in 0..<length { target[i] += source[i] }
        }
      }
    }
  }

  /// [N, M, pixels] -> [M, N, pixels]
  private func gather(_ call: KernelCall, _ dy: Rows<Float>, into target: UnsafeMutablePointer<Float>) throws {
    let pixels = geometry.outputPixels
    let channels = self.dy.shape[1]
    let part = max(1, RowTasks.target / (pixels * dy.count))
    try call.parallelFor((channels + part - 1) / part) { index, _ in
      for channel in index * part..<min(channels, (index + 1) * part) {
        for image in 0..<dy.count {
          let source = dy[image] + channel * pixels
          let row = target + (channel * gatherStep + image * pixels)
          for i in 0..<pixels { row[i] = source[i] }
        }
      }
    }
  }

  private func accumulate(
    _ x: Rows<Float>, _ dy: Rows<Float>, _ gathered: UnsafeMutablePointer<Float>?, units: Range<Int>, block: Int,
    _ columns: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let size = geometry.kernelSize
    let pixels = geometry.outputPixels
    let (group, part) = (block / blockCount, block % blockCount)
    // Of the group: its first channels, and the part of the input channels that this block has.
    let (inputs, outputs) = (self.dw.shape[1], self.dy.shape[1] / groups)
    let place = min(inputs, part * blockChannels)
    let channels = group * inputs + place..<group * inputs + min(inputs, place + blockChannels)
    let firstOutput = group * outputs
    for unit in units {
      let source: UnsafePointer<Float>
      let sourceStep: Int
      let count: Int
      if let gathered {
        let images = unit * groupImages..<min(x.count, (unit + 1) * groupImages)
        for image in images {
          geometry.fill(
            x[image], channels: channels, pixels: 0..<pixels,
            into: columns + (image - images.lowerBound) * pixels, step: columnStep)
        }
        source = UnsafePointer(gathered + (firstOutput * gatherStep + images.lowerBound * pixels))
        sourceStep = gatherStep
        count = images.count * pixels
      } else {
        let image = unit / tileCount
        let first = unit % tileCount * tilePixels
        let range = first..<min(pixels, first + tilePixels)
        geometry.fill(x[image], channels: channels, pixels: range, into: columns, step: columnStep)
        source = UnsafePointer(dy[image] + (firstOutput * pixels + first))
        sourceStep = pixels
        count = range.count
      }
      // Rows of the result in parts that stay in the cache while they are cleared and added to.
      for first in stride(from: 0, to: outputs, by: 256) {
        Product.run(
          m: min(256, outputs - first), n: channels.count * size, k: count, source + first * sourceStep, sourceStep,
          columns, columnStep, transposedB: true, target + ((firstOutput + first) * targetStep + place * size),
          targetStep, beta: unit == units.lowerBound ? 0 : 1)
      }
    }
  }
}
