/// The results of tiles, pooled before they are written: nobody else reads them, and a quarter of the memory is written.
///
/// Windows are those of a 2x2 pooling with stride 2. Tiles have an even number of results a side and begin at even places, so
/// that no window lies in two tiles.
import DecoupledBackendKit

/// Where pooled results go, NHWC, with the places of the maxima where they are asked for.
struct PooledResults {
  let values: Rows<Float>
  let places: Rows<Int32>?
  let height: Int
  let width: Int
}

extension WinogradTiles {
  /// A^T m A for each tile, finished, pooled and written to its place.
  /// - Parameter channels: a multiple of `channelWidth`.
  func transformOutput(
    _ matrices: UnsafePointer<Float>, _ placement: WinogradPlacement, channels: Int, tiles: Range<Int>,
    _ epilogue: ChannelEpilogue, pooledTo y: PooledResults, scratch: UnsafeMutablePointer<Float>
  ) {
    let (halves, results) = (scratch, scratch + Form.frequencies * channelWidth)
    for tile in tiles {
      let (image, row, column) = place(tile)
      let (firstRow, firstColumn) = (row / 2, column / 2)
      let rows = min(Form.outputs / 2, y.height - firstRow)
      let columns = min(Form.outputs / 2, y.width - firstColumn)
      guard rows > 0, columns > 0 else { continue }
      let source = matrices + placement.offset(tile - tiles.lowerBound, 0)
      for channel in stride(from: 0, to: channels, by: channelWidth) {
        transformOutput(source + channel, placement.step, rows: 2 * rows, halves: halves, into: results)
        let part = epilogue.part(channel)
        for i in 0..<rows {
          for j in 0..<columns {
            let cell = results + (2 * i * Form.outputs + 2 * j) * channelWidth
            let place = (row + 2 * i) * outWidth + column + 2 * j
            let target = ((firstRow + i) * y.width + firstColumn + j) * channels + channel
            let (best, at) = maximum(cell, part, place)
            storeChannels(best, y.values[image] + target)
            if let places = y.places {
              UnsafeMutableRawPointer(places[image] + target).storeBytes(of: at, as: ChannelIndices.self)
            }
          }
        }
      }
    }
  }

  /// The first largest of the four results from `cell` on, and its index; a NaN wins.
  @inline(__always) private func maximum(
    _ cell: UnsafePointer<Float>, _ part: ChannelEpilogue.Part, _ place: Int
  ) -> (ChannelVector, ChannelIndices) {
    var best = part.finish(loadChannels(cell))
    var at = ChannelIndices(repeating: Int32(truncatingIfNeeded: place))
    func take(_ offset: Int, _ index: Int) {
      let value = part.finish(loadChannels(cell + offset * channelWidth))
      let wins = .!(value .<= best) .& (best .== best)
      best.replace(with: value, where: wins)
      at.replace(with: ChannelIndices(repeating: Int32(truncatingIfNeeded: index)), where: wins)
    }
    take(1, place + 1)
    take(Form.outputs, place + outWidth)
    take(Form.outputs + 1, place + outWidth + 1)
    return (best, at)
  }
}
