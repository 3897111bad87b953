/// ConvTranspose with few input pixels and large weights, with the BatchNormalization (inference form) and Relu that may
/// follow it. It is also the gradient of the convolution with large weights.
///
/// A task owns a block of output channels, that is a block of columns of the weights. It multiplies pieces of some rows with
/// the pixels of all images, asking for those of the next rows meanwhile, and adds the windows so made to their places in planes
/// of its own: no two tasks write to the same plane, and each weight is read once.
///
/// Pixels without any value are left out: the seed of a saliency map has one cell that is not zero.
import CDecoupled
import DecoupledBackendKit

final class LargeWeightTransposedConvolution: SwiftKernel {
  /// Rows of weights whose pieces are in the cache together.
  private static let slice = 64
  /// The same where so few pixels pass by that reading is all the work: rows in the order of memory.
  private static let (fewColumns, shortSlice) = (2, 8)

  private let x: Operand
  private let weights: LargeWeights
  private let epilogue: EpilogueOperands
  private let windows: SmallWindows
  private let outputChannels: Int
  private let blockChannels: Int
  private let panels: Int
  private let packedStep: Int
  private let pixelsOffset: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  /// nil when the layer is not of this kind.
  init?(ifFits readers: [NodeReader]) throws {
    let node = readers[0]
    x = try node.image(0)
    weights = try LargeWeights(node, 1)
    let bias = try node.optionalInput(2, rank: 1...1)
    let y = try readers[readers.count - 1].resultImage(0)
    let shape = weights.operand.shape
    outputChannels = shape[1]
    guard LargeWeights.fit(shape, pixels: x.planeLength, x, y, isHalf: weights.isHalf) else { return nil }
    try node.require(x.shape[1] == shape[0], "\(x.shape[1]) channels meet weights \(shape)")
    try node.require(y.shape[0] == x.shape[0] && y.shape[1] == shape[1], "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [shape[1]], "the bias does not fit weights \(shape)")
    let geometry = try ConvolutionGeometry(
      node, image: Array(y.shape[2...]), kernel: Array(shape[2...]), result: Array(x.shape[2...]),
      outputPadding: try node.list("output_padding", count: 2, default: 0))
    // Windows are scattered to dense planes, so the steps of the result do not matter to them.
    windows = SmallWindows(geometry: geometry, steps: ImageSteps(channel: geometry.inputPixels, pixel: 1))
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape, layout: Int(y.layout))
    let size = geometry.kernelSize
    let wanted = max(1, min(800 / size, (outputChannels + 15) / 16))
    blockChannels = wanted < 16 ? wanted : wanted & ~15
    panels = (blockChannels * size + 15) / 16
    packedStep = paddedStep(panels * 16)
    let columns = paddedStep(x.rows * x.planeLength)
    pixelsOffset = (epilogue.workspaceCount + 15) & ~15
    workspaceSize = (pixelsOffset + x.shape[1] * columns) * 4
    let pieces = panels * 16 * columns + packedStep * Self.slice
    laneWorkspaceSize = (pieces + blockChannels * geometry.inputPixels) * 4
  }

  /// How much it computes depends on the pixels that have a value.
  var algorithm: KernelAlgorithm? { KernelAlgorithm("streamed", workShare: 0) }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(epilogue.output)
    let weights = try self.weights.rows(call)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    guard let workspace = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    let epilogue = try self.epilogue.prepared(call, workspace)
    let pixels = workspace + pixelsOffset
    let columns = try occupiedColumns(call, x)
    let step = paddedStep(max(1, columns.count))
    try gather(call, x, columns, step, into: pixels)
    try call.parallelFor((outputChannels + blockChannels - 1) / blockChannels) { index, lane in
      let first = index * blockChannels
      let block = first..<min(outputChannels, first + blockChannels)
      let products = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      let packed = products + panels * 16 * columns.count
      let planes = packed + packedStep * Self.slice
      multiply(weights, block, pixels, columns: columns.count, step, copy: packed, into: products)
      scatter(products, columns, block, epilogue, planes, y)
    }
  }

  /// The pixels of all images that have a value other than zero in some channel.
  private func occupiedColumns(_ call: KernelCall, _ x: Rows<Float>) throws -> [Int] {
    let (pixels, from) = (self.x.planeLength, self.x.steps)
    return (0..<x.count * pixels).filter { column in
      let source = x[column / pixels] + column % pixels * from.pixel
      return (0..<self.x.shape[1]).contains { source[$0 * from.channel] != 0 }
    }
  }

  /// [input channel, column]
  private func gather(
    _ call: KernelCall, _ x: Rows<Float>, _ columns: [Int], _ step: Int, into target: UnsafeMutablePointer<Float>
  ) throws {
    let (pixels, from) = (self.x.planeLength, self.x.steps)
    let tasks = PixelTasks(images: 1, pixels: self.x.shape[1], length: max(1, columns.count))
    try call.parallelFor(tasks.count) { index, _ in
      for (place, column) in columns.enumerated() {
        let source = x[column / pixels] + column % pixels * from.pixel
        for channel in tasks.range(index) { target[channel * step + place] = source[channel * from.channel] }
      }
    }
  }

  /// Products [column, panel * 16] of one block of output channels.
  private func multiply(
    _ weights: LargeWeightRows, _ block: Range<Int>, _ pixels: UnsafePointer<Float>, columns: Int, _ step: Int,
    copy: UnsafeMutablePointer<Float>, into products: UnsafeMutablePointer<Float>
  ) {
    let size = windows.geometry.kernelSize
    let (start, length, rows) = (block.lowerBound * size, block.count * size, self.x.shape[1])
    guard columns > 0 else { return }
    let slice = columns > Self.fewColumns ? Self.slice : Self.shortSlice
    for first in stride(from: 0, to: rows, by: slice) {
      let depth = min(slice, rows - first)
      func multiply(_ pieces: Panels, from place: Int) {
        MicroKernel.multiply(
          rows: columns, depth: depth, columnsOf: pixels + first * step, step, pieces, products + place, panels * 16,
          adds: first > 0)
      }
      // Then come the next rows or, behind the last ones, the first of the next block.
      let next = first + depth < rows ? (first + depth, start) : (0, start + length)
      var whole = 0
      if let floats = weights.floats {
        whole = length & ~15
        let ahead = (next.0 - first) * weights.step + next.1 - start
        multiply(
          Panels(
            floats + (first * weights.step + start), step: 16, depthStep: weights.step, count: whole / 16, ahead: ahead),
          from: 0)
      }
      guard whole < length else { continue }
      // What is no whole panel, or has to be widened.
      let rest = (length - whole + 15) & ~15
      for row in 0..<depth {
        let target = copy + row * packedStep
        if weights.floats == nil { weights.prefetch(next.0 + row, next.1, length) }
        weights.copy(first + row, start + whole, length - whole, to: target)
        for i in length - whole..<rest { target[i] = 0 }
      }
      multiply(Panels(copy, step: 16, depthStep: packedStep, count: rest / 16), from: whole)
    }
  }

  private func scatter(
    _ products: UnsafePointer<Float>, _ columns: [Int], _ block: Range<Int>, _ epilogue: Epilogue,
    _ planes: UnsafeMutablePointer<Float>, _ y: Rows<Float>
  ) {
    let plane = windows.geometry.inputPixels
    let pixels = windows.geometry.outputPixels
    let to = self.epilogue.output.steps
    var place = 0
    for image in 0..<y.count {
      for i in 0..<block.count * plane { planes[i] = 0 }
      while place < columns.count, columns[place] / pixels == image {
        windows.scatter(
          products + place * panels * 16, pixel: columns[place] % pixels, channels: block.count, to: planes)
        place += 1
      }
      for pixel in 0..<plane {
        let target = y[image] + pixel * to.pixel
        for channel in block {
          let sum = planes[(channel - block.lowerBound) * plane + pixel]
          target[channel * to.channel] = epilogue.value(sum, channel: channel)
        }
      }
    }
  }
}
