/// The tiles of a convolution with 3x3 kernels and stride 1, and the way between NHWC images and their transforms.
///
/// A transformed block of tiles is a matrix [tile][channel] for each frequency. Matrices of successive frequencies lie
/// `step` floats apart, which is no multiple of a large power of two: a tile's values would meet in one set of the cache.
import CProcessor
import DecoupledBackendKit

/// Where the transforms of a block of tiles stand.
struct WinogradPlacement {
  /// Floats from one tile to the next.
  let row: Int
  /// Floats from 16 channels to the next 16.
  let panel: Int
  /// Floats from one frequency to the next.
  let step: Int

  /// [frequency][tile][channel]
  static func rows(tiles: Int, channels: Int) -> WinogradPlacement {
    WinogradPlacement(row: channels, panel: 16, step: tiles * channels + 16)
  }

  /// [frequency][16 channels][tile][channel]
  static func panels(tiles: Int, channels: Int) -> WinogradPlacement {
    WinogradPlacement(row: 16, panel: tiles * 16, step: tiles * ((channels + 15) & ~15) + 16)
  }

  @inline(__always) func offset(_ tile: Int, _ channel: Int) -> Int {
    tile * row + (channel >> 4) * panel + (channel & 15)
  }
}

struct WinogradTiles<Form: WinogradForm> {
  let height: Int
  let width: Int
  let outHeight: Int
  let outWidth: Int
  let top: Int
  let left: Int
  let tilesX: Int
  let perImage: Int

  init(_ geometry: ConvolutionGeometry) {
    (height, width, top, left) = (geometry.height, geometry.width, geometry.top, geometry.left)
    (outHeight, outWidth) = (geometry.outHeight, geometry.outWidth)
    tilesX = (outWidth + Form.outputs - 1) / Form.outputs
    perImage = tilesX * ((outHeight + Form.outputs - 1) / Form.outputs)
  }

  /// Floats that a lane needs to transform images of so many channels.
  static func scratchCount(channels: Int) -> Int {
    Form.frequencies * channelWidth + max(paddedStep(channels), Form.outputs * Form.outputs * channelWidth)
  }

  /// Image, and row and column of the first result of a tile.
  @inline(__always) func place(_ tile: Int) -> (image: Int, y: Int, x: Int) {
    let (image, rest) = (tile / perImage, tile % perImage)
    return (image, rest / tilesX * Form.outputs, rest % tilesX * Form.outputs)
  }

  /// B^T d B for each tile, the i-th of `tiles` in place of the i-th tile.
  /// - Parameter scratch: `scratchCount(channels:)` floats.
  func transformInput(
    _ x: Rows<Float>, channels: Int, tiles: Range<Int>, into matrices: UnsafeMutablePointer<Float>,
    _ placement: WinogradPlacement, scratch: UnsafeMutablePointer<Float>
  ) {
    let temporary = scratch
    let zeros = scratch + Form.frequencies * channelWidth
    for channel in 0..<channels { zeros[channel] = 0 }
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: Form.frequencies) { sources in
      let sources = sources.baseAddress!
      for tile in tiles {
        if tile + 1 < tiles.upperBound { prefetch(tile + 1, x, channels) }
        let (image, y, x0) = place(tile)
        for i in 0..<Form.points {
          let row = y + i - top
          for j in 0..<Form.points {
            let column = x0 + j - left
            let isInside = row >= 0 && row < height && column >= 0 && column < width
            sources[i * Form.points + j] =
              isInside ? UnsafePointer(x[image] + (row * width + column) * channels) : UnsafePointer(zeros)
          }
        }
        for channel in stride(from: 0, to: channels, by: channelWidth) {
          let target = matrices + placement.offset(tile - tiles.lowerBound, channel)
          if channel + channelWidth <= channels {
            transform({ loadChannels(sources[$0] + channel) }, target, placement.step, temporary)
          } else {
            let count = channels - channel
            transform({ loadChannels(sources[$0] + channel, first: count) }, target, placement.step, temporary)
          }
        }
      }
    }
  }

  /// Asks for the pixels that a tile adds to those of the tile before it.
  @inline(__always) private func prefetch(_ tile: Int, _ x: Rows<Float>, _ channels: Int) {
    let (image, y, x0) = place(tile)
    // Behind a padding of two a tile may add nothing.
    let (firstColumn, firstRow) = (max(0, x0 + Form.points - Form.outputs - left), max(0, y - top))
    let columns = firstColumn..<max(firstColumn, min(width, x0 + Form.points - left))
    for row in firstRow..<max(firstRow, min(height, y + Form.points - top)) {
      let line = x[image] + (row * width + columns.lowerBound) * channels
      for i in stride(from: 0, to: columns.count * channels, by: 16) { dcn_processor_prefetch(line + i) }
    }
  }

  @inline(__always) func transform(
    _ load: (Int) -> ChannelVector, _ target: UnsafeMutablePointer<Float>, _ step: Int,
    _ temporary: UnsafeMutablePointer<Float>
  ) {
    for j in 0..<Form.points {
      Form.input(
        { load($0 * Form.points + j) }, { storeChannels($1, temporary + ($0 * Form.points + j) * channelWidth) })
    }
    for i in 0..<Form.points {
      let row = target + i * Form.points * step
      Form.input(
        { loadChannels(temporary + (i * Form.points + $0) * channelWidth) }, { storeChannels($1, row + $0 * step) })
    }
  }

  /// The first `rows` rows of A^T m A for one vector of channels.
  @inline(__always) func transformOutput(
    _ source: UnsafePointer<Float>, _ step: Int, rows: Int, halves: UnsafeMutablePointer<Float>,
    into results: UnsafeMutablePointer<Float>
  ) {
    for j in 0..<Form.points {
      Form.output(
        { loadChannels(source + ($0 * Form.points + j) * step) },
        { storeChannels($1, halves + ($0 * Form.points + j) * channelWidth) })
    }
    for i in 0..<rows {
      Form.output(
        { loadChannels(halves + (i * Form.points + $0) * channelWidth) },
        { storeChannels($1, results + (i * Form.outputs + $0) * channelWidth) })
    }
  }

  /// A^T m A for each tile, finished and written to its place.
  func transformOutput(
    _ matrices: UnsafePointer<Float>, _ placement: WinogradPlacement, channels: Int, tiles: Range<Int>,
    _ epilogue: ChannelEpilogue, to y: Rows<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    // Half transformed, and transformed: what is left is written in a loop of its own, which knows where the image ends.
    let (halves, results) = (scratch, scratch + Form.frequencies * channelWidth)
    for tile in tiles {
      let (image, firstRow, firstColumn) = place(tile)
      let rows = min(Form.outputs, outHeight - firstRow)
      let columns = min(Form.outputs, outWidth - firstColumn)
      let source = matrices + placement.offset(tile - tiles.lowerBound, 0)
      let target = y[image] + (firstRow * outWidth + firstColumn) * channels
      for channel in stride(from: 0, to: channels, by: channelWidth) {
        transformOutput(source + channel, placement.step, rows: rows, halves: halves, into: results)
        let part = epilogue.part(channel)
        let count = min(channelWidth, channels - channel)
        for i in 0..<rows {
          part.finish(
            pixels: columns, results + i * Form.outputs * channelWidth, channelWidth,
            to: target + (i * outWidth * channels + channel), channels, first: count)
        }
      }
    }
  }
}
