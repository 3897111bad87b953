/// The gradient with respect to 3x3 weights in Winograd's form: dw = G^T [sum over tiles of (B^T d B) * (A dy A^T)] G.
///
/// A chunk of tiles is transformed, then its sum is added to that of the chunks before it, a matrix product for each
/// frequency with the tiles as its depth. Chunks are cut by shape and added in their order, so the bits do not depend on
/// the number of lanes.
import DecoupledBackendKit

final class WinogradWeightGradient: SwiftKernel {
  private typealias Form = Winograd4
  private let parts: WeightGradientParts
  private let tiles: WinogradTiles<Winograd4>
  private let chunkTiles: Int
  /// Channels rounded up to panels of 16.
  private let inputs: Int
  private let outputs: Int
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ parts: WeightGradientParts) {
    self.parts = parts
    tiles = WinogradTiles(parts.geometry)
    (inputs, outputs) = ((parts.inputChannels + 15) & ~15, (parts.outputChannels + 15) & ~15)
    // A chunk that the third-level cache holds, yet deep enough that its sums are read and written seldom.
    let floats = Form.frequencies * (inputs + outputs)
    chunkTiles = min(tiles.perImage * parts.x.rows, max(128, min(512, (1 << 21) / floats)))
    let transforms =
      WinogradPlacement.panels(tiles: chunkTiles, channels: inputs).step
      + WinogradPlacement.panels(tiles: chunkTiles, channels: outputs).step
    workspaceSize = Form.frequencies * (transforms + inputs * outputs + 16) * 4
    laneWorkspaceSize = WinogradTiles<Form>.scratchCount(channels: max(inputs, outputs)) * 4
  }

  var algorithm: KernelAlgorithm? { Form.algorithm("winograd4") }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(parts.x)
    let dy: Rows<Float> = try call.input(parts.dy)
    let dw: Rows<Float> = try call.wholeOutput(parts.dw)
    try call.requireBatch(x.count, dy.count, layer: parts.x.layer)
    let sums = call.workspace!.assumingMemoryBound(to: Float.self)
    let total = x.count * tiles.perImage
    let chunks = (total + chunkTiles - 1) / chunkTiles
    for chunk in 0..<chunks {
      try add(
        call, chunk * total / chunks..<(chunk + 1) * total / chunks, x, dy, to: sums, isFirst: chunk == 0)
    }
    try finish(call, sums, dw)
  }

  /// Distance between the sums of two frequencies.
  private var sumStep: Int { inputs * outputs + 16 }

  private func add(
    _ call: KernelCall, _ chunk: Range<Int>, _ x: Rows<Float>, _ dy: Rows<Float>, to sums: UnsafeMutablePointer<Float>,
    isFirst: Bool
  ) throws {
    let images = WinogradPlacement.panels(tiles: chunk.count, channels: inputs)
    let gradients = WinogradPlacement.panels(tiles: chunk.count, channels: outputs)
    let left = sums + Form.frequencies * sumStep
    let right = left + Form.frequencies * images.step
    let part = 8
    try call.parallelFor((chunk.count + part - 1) / part) { index, lane in
      let range = chunk.lowerBound + index * part..<min(chunk.upperBound, chunk.lowerBound + (index + 1) * part)
      let scratch = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      tiles.transformInput(
        x, channels: parts.inputChannels, tiles: range, into: left + images.offset(index * part, 0), images,
        scratch: scratch)
      tiles.transformGradient(
        dy, channels: parts.outputChannels, tiles: range, into: right + gradients.offset(index * part, 0), gradients,
        scratch: scratch)
    }
    let cuts = min(2, inputs / 16)
    try call.parallelFor(Form.frequencies * cuts) { index, _ in
      let (frequency, cut) = (index / cuts, index % cuts)
      let (left, right) = (left + frequency * images.step, right + frequency * gradients.step)
      let target = sums + frequency * sumStep
      let panels = cut * (inputs / 16) / cuts..<(cut + 1) * (inputs / 16) / cuts
      for slice in stride(from: 0, to: chunk.count, by: 256) {
        let depth = min(256, chunk.count - slice)
        let columns = Panels(right + slice * 16, step: gradients.panel, count: outputs / 16)
        for row in panels {
          MicroKernel.multiply(
            rows: 16, depth: depth, columnsOf: left + (row * images.panel + slice * 16), 16, columns,
            target + row * 16 * outputs, outputs, adds: !isFirst || slice > 0)
        }
      }
    }
  }

  /// dw = G^T sum G for each pair of channels, eight output channels at a time.
  private func finish(_ call: KernelCall, _ sums: UnsafePointer<Float>, _ dw: Rows<Float>) throws {
    let part = 4
    try call.parallelFor((parts.inputChannels + part - 1) / part) { index, lane in
      let temporary = call.laneWorkspace(lane)!.assumingMemoryBound(to: Float.self)
      for input in index * part..<min(parts.inputChannels, (index + 1) * part) {
        for output in stride(from: 0, to: parts.outputChannels, by: channelWidth) {
          let source = sums + (input * outputs + output)
          for j in 0..<Form.points {
            Form.weightGradient(
              { loadChannels(source + ($0 * Form.points + j) * sumStep) },
              { storeChannels($1, temporary + ($0 * Form.points + j) * channelWidth) })
          }
          let count = min(channelWidth, parts.outputChannels - output)
          let target = dw[output] + input * 9
          for i in 0..<3 {
            Form.weightGradient({ loadChannels(temporary + (i * Form.points + $0) * channelWidth) }) { j, value in
              for lane in 0..<count { target[lane * dw.stride + i * 3 + j] = value[lane] }
            }
          }
        }
      }
    }
  }
}

extension WinogradTiles where Form == Winograd4 {
  /// A dy A^T for each tile, zeros where a tile reaches beyond the image.
  func transformGradient(
    _ dy: Rows<Float>, channels: Int, tiles: Range<Int>, into matrices: UnsafeMutablePointer<Float>,
    _ placement: WinogradPlacement, scratch: UnsafeMutablePointer<Float>
  ) {
    for tile in tiles {
      let (image, firstRow, firstColumn) = place(tile)
      let rows = min(Form.outputs, outHeight - firstRow)
      let columns = min(Form.outputs, outWidth - firstColumn)
      let source = dy[image] + (firstRow * outWidth + firstColumn) * channels
      for channel in stride(from: 0, to: channels, by: channelWidth) {
        let count = min(channelWidth, channels - channel)
        for j in 0..<Form.outputs {
          Form.gradient(
            { i in
              guard i < rows, j < columns else { return ChannelVector() }
              let pixel = source + ((i * outWidth + j) * channels + channel)
              return count == channelWidth ? loadChannels(pixel) : loadChannels(pixel, first: count)
            }, { storeChannels($1, scratch + ($0 * Form.outputs + j) * channelWidth) })
        }
        let target = matrices + placement.offset(tile - tiles.lowerBound, channel)
        for i in 0..<Form.points {
          let row = target + i * Form.points * placement.step
          Form.gradient(
            { loadChannels(scratch + (i * Form.outputs + $0) * channelWidth) },
            { storeChannels($1, row + $0 * placement.step) })
        }
      }
    }
  }
}
