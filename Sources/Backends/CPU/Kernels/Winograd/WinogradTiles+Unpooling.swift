/// The transform of tiles whose pixels MaxUnpool would make: read from the pooled images and their switches, which have a
/// quarter of the pixels, instead of from images that are written for nothing else.
///
/// Windows are those of a 2x2 pooling with stride 2 (`OwnWindows`). Each vector of switches is compared with the four cells of
/// its window anyhow; a switch that names none of them is noted, and the caller begins again in the general way.
import CProcessor
import DecoupledBackendKit

/// Pooled images, NHWC, and where un-pooling puts their pixels.
struct PooledImages {
  let pixels: Rows<Float>
  let switches: Rows<Int32>
  /// The row of `switches` for each image; nil where they are the same.
  let rowToImage: UnsafeMutablePointer<Int32>?
  let height: Int
  let width: Int

  func switches(of image: Int) -> UnsafeMutablePointer<Int32> {
    switches[rowToImage.map { Int($0[image]) } ?? image]
  }
}

#if X86_64_V4
  typealias ChannelIndices = SIMD16<Int32>
#else
  typealias ChannelIndices = SIMD8<Int32>
#endif

/// A window of which a tile has a cell or more.
private struct TileWindow {
  /// Of the pooled pixel, in elements.
  let offset: Int
  /// Index of the window's first cell in the un-pooled plane.
  let place: Int32
  /// Where its cells go in the tile; those outside of it go behind it.
  let targets: (Int, Int, Int, Int)
}

extension WinogradTiles {
  /// Floats that `transformInput` of pooled images needs.
  static var unpoolingScratchCount: Int { (2 * Form.frequencies + 1) * channelWidth }

  /// B^T d B for each tile of the un-pooled images.
  /// - Parameters:
  ///   - channels: a multiple of `channelWidth`.
  ///   - scratch: `unpoolingScratchCount` floats.
  /// - Returns: false when a switch lies outside its own window, after which the transform is wrong.
  func transformInput(
    _ images: PooledImages, channels: Int, tiles: Range<Int>, into matrices: UnsafeMutablePointer<Float>,
    _ placement: WinogradPlacement, scratch: UnsafeMutablePointer<Float>
  ) -> Bool {
    let (cells, temporary) = (scratch, scratch + (Form.frequencies + 1) * channelWidth)
    var foreign = ChannelIndices()
    let most = (Form.points / 2 + 1) * (Form.points / 2 + 1)
    withUnsafeTemporaryAllocation(of: TileWindow.self, capacity: most) { windows in
      let windows = windows.baseAddress!
      for tile in tiles {
        let (image, y, x) = place(tile)
        let count = find(windows, images, y - top, x - left, channels)
        let (pixels, switches) = (images.pixels[image], images.switches(of: image))
        if count < most {
          for i in 0..<Form.frequencies { storeChannels(ChannelVector(), cells + i * channelWidth) }
        }
        for channel in stride(from: 0, to: channels, by: channelWidth) {
          for i in 0..<count {
            let window = windows[i]
            spread(
              loadChannels(pixels + (window.offset + channel)), loadIndices(switches + (window.offset + channel)),
              window, cells, &foreign)
          }
          transform(
            { loadChannels(cells + $0 * channelWidth) },
            matrices + placement.offset(tile - tiles.lowerBound, channel), placement.step, temporary)
        }
      }
    }
    return foreign == ChannelIndices()
  }

  /// The windows with cells in the tile whose first pixel is at `row` and `column` of the un-pooled image.
  @inline(__always) private func find(
    _ windows: UnsafeMutablePointer<TileWindow>, _ images: PooledImages, _ row: Int, _ column: Int, _ channels: Int
  ) -> Int {
    func target(_ y: Int, _ x: Int) -> Int {
      let (i, j) = (y - row, x - column)
      let isInside = i >= 0 && i < Form.points && j >= 0 && j < Form.points
      return (isInside ? i * Form.points + j : Form.frequencies) * channelWidth
    }
    var count = 0
    for windowY in max(0, row >> 1)..<max(0, row >> 1, min(images.height, (row + Form.points + 1) >> 1)) {
      for windowX in max(0, column >> 1)..<max(0, column >> 1, min(images.width, (column + Form.points + 1) >> 1)) {
        let (y, x) = (2 * windowY, 2 * windowX)
        windows[count] = TileWindow(
          offset: (windowY * images.width + windowX) * channels,
          place: Int32(truncatingIfNeeded: y * width + x),
          targets: (target(y, x), target(y, x + 1), target(y + 1, x), target(y + 1, x + 1)))
        count += 1
      }
    }
    return count
  }

  /// The four cells of one window.
  @inline(__always) private func spread(
    _ value: ChannelVector, _ switches: ChannelIndices, _ window: TileWindow, _ cells: UnsafeMutablePointer<Float>,
    _ foreign: inout ChannelIndices
  ) {
    let offset = switches &- ChannelIndices(repeating: window.place)
    let row = ChannelIndices(repeating: Int32(truncatingIfNeeded: width))
    let (first, second) = (offset .== ChannelIndices(), offset .== ChannelIndices(repeating: 1))
    let (third, fourth) = (offset .== row, offset .== row &+ ChannelIndices(repeating: 1))
    let zero = ChannelVector()
    storeChannels(zero.replacing(with: value, where: first), cells + window.targets.0)
    storeChannels(zero.replacing(with: value, where: second), cells + window.targets.1)
    storeChannels(zero.replacing(with: value, where: third), cells + window.targets.2)
    storeChannels(zero.replacing(with: value, where: fourth), cells + window.targets.3)
    foreign.replace(with: -1, where: .!(first .| second .| third .| fourth))
  }
}

@inline(__always) private func loadIndices(_ address: UnsafePointer<Int32>) -> ChannelIndices {
  UnsafeRawPointer(address).loadUnaligned(as: ChannelIndices.self)
}
