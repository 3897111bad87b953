/// Conv with few output pixels and large weights, with the BatchNormalization (inference form) and Relu that may follow it.
///
/// The windows of all images stand side by side in panels of 16 columns. A task owns a block of rows of the weights; it
/// passes them in groups of rows and slices of their length, and each piece meets all panels while it is in the cache.
/// Sums are taken slice by slice, whose length is fixed: an image's result does not depend on its neighbours.
import CDecoupled
import DecoupledBackendKit

final class LargeWeightConvolution: SwiftKernel {
  private static let slice = 384
  /// Rows of weights that meet all panels together: a multiple of the rows of each micro-kernel.
  private static let group = 24

  private let x: Operand
  private let weights: LargeWeights
  private let epilogue: EpilogueOperands
  private let windows: SmallWindows
  private let depth: Int
  private let outputChannels: Int
  private let blockRows: Int
  private let patchesOffset: Int
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
    outputChannels = shape[0]
    guard LargeWeights.fit(shape, pixels: y.planeLength, x, y, isHalf: weights.isHalf) else { return nil }
    try node.require(x.shape[1] == shape[1], "\(x.shape[1]) channels meet weights \(shape)")
    try node.require(y.shape[0] == x.shape[0] && y.shape[1] == shape[0], "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [shape[0]], "the bias does not fit weights \(shape)")
    let geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: Array(shape[2...]), result: Array(y.shape[2...]))
    windows = SmallWindows(geometry: geometry, steps: x.steps)
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape, layout: Int(y.layout))
    depth = weights.operand.rowLength
    let panels = (y.rows * geometry.outputPixels + 15) / 16
    let wanted = min(192, (outputChannels + 15) / 16)
    blockRows = (wanted + Self.group - 1) / Self.group * Self.group
    patchesOffset = (epilogue.workspaceCount + 15) & ~15
    workspaceSize = (patchesOffset + panels * depth * 16) * 4
    laneWorkspaceSize =
      (panels * 16 * (blockRows + Self.group) + (weights.isHalf ? Self.group * Self.slice : 0)) * 4
  }

  var algorithm: KernelAlgorithm? { KernelAlgorithm("streamed") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(epilogue.output)
    let weights = try self.weights.rows(call)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    guard let workspace = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    let epilogue = try self.epilogue.prepared(call, workspace)
    let patches = workspace + patchesOffset
    try gather(call, x, into: patches)
    let columns = x.count * windows.geometry.outputPixels
    try call.parallelFor((outputChannels + blockRows - 1) / blockRows) { index, lane in
      let rows = index * blockRows..<min(outputChannels, (index + 1) * blockRows)
      let sums = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      multiply(weights, rows, patches, panels: (columns + 15) / 16, into: sums)
      finish(sums, rows, columns, epilogue, y)
    }
  }

  /// Panels [depth, 16] of the windows, zero behind the last one.
  private func gather(_ call: KernelCall, _ x: Rows<Float>, into patches: UnsafeMutablePointer<Float>) throws {
    let size = windows.geometry.kernelSize
    let pixels = windows.geometry.outputPixels
    let columns = x.count * pixels
    let channels = self.x.shape[1]
    // A piece of a panel that stays in the first-level cache while its 16 columns are written.
    let block = max(1, 384 / size)
    let blocks = (channels + block - 1) / block
    try call.parallelFor(blocks) { index, _ in
      let range = index * block..<min(channels, (index + 1) * block)
      let length = range.count * size
      for panel in 0..<(columns + 15) / 16 {
        let target = patches + (panel * depth + range.lowerBound * size) * 16
        for lane in 0..<16 {
          let column = panel * 16 + lane
          if column < columns {
            let image = UnsafePointer(x[column / pixels])
            windows.gather(image, pixel: column % pixels, channels: range, into: target + lane, step: 16)
          } else {
            for i in 0..<length { target[i * 16 + lane] = 0 }
          }
        }
      }
    }
  }

  /// Sums [row, panel * 16] of one block of rows.
  private func multiply(
    _ weights: LargeWeightRows, _ rows: Range<Int>, _ patches: UnsafePointer<Float>, panels: Int,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let width = panels * 16
    let part = sums + blockRows * width
    let widened = part + Self.group * width
    for i in 0..<rows.count * width { sums[i] = 0 }
    for first in stride(from: 0, to: depth, by: Self.slice) {
      let length = min(Self.slice, depth - first)
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.group) {
        let count = min(Self.group, rows.upperBound - row)
        // Then come the next rows or, behind the last ones, the next slice of the first.
        let next = row + count < rows.upperBound ? (row + count, first) : (rows.lowerBound, first + length)
        var (source, step, ahead) = (UnsafePointer(widened), length, 0)
        if let floats = weights.floats {
          (source, step) = (floats + (row * weights.step + first), weights.step)
          ahead = (next.0 - row) * step + next.1 - first
        } else {
          for i in 0..<count {
            weights.prefetch(next.0 + i, next.1, length)
            weights.copy(row + i, first, length, to: widened + i * length)
          }
        }
        let columns = patches + first * 16
        MicroKernel.multiply(rows: count, depth: length, streamed: source, step, ahead: ahead, columns, part, width)
        let others = Panels(columns + depth * 16, step: depth * 16, count: panels - 1)
        MicroKernel.multiply(rows: count, depth: length, source, step, others, part + 16, width, adds: false)
        add(part, count * width, to: sums + (row - rows.lowerBound) * width)
      }
    }
  }

  private func add(_ part: UnsafePointer<Float>, _ count: Int, to total: UnsafeMutablePointer<Float>) {
    for i in 0..<count { total[i] += part[i] }
  }

  private func finish(
    _ sums: UnsafePointer<Float>, _ rows: Range<Int>, _ columns: Int, _ epilogue: Epilogue, _ y: Rows<Float>
  ) {
    let (pixels, width) = (windows.geometry.outputPixels, (columns + 15) & ~15)
    let to = self.epilogue.output.steps
    for image in 0..<y.count {
      for row in rows {
        let source = sums + ((row - rows.lowerBound) * width + image * pixels)
        let target = y[image] + row * to.channel
        for pixel in 0..<pixels { target[pixel * to.pixel] = epilogue.value(source[pixel], channel: row) }
      }
    }
  }
}
