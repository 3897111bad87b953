/// The windows of a convolution with few output pixels, one column for each pixel of each image: element (c, u, v) of a
/// column is the value under kernel cell (u, v) of channel c, in the order of a row of weights.
import DecoupledBackendKit

struct SmallWindows {
  let geometry: ConvolutionGeometry
  /// Of the larger image, in whichever layout.
  let steps: ImageSteps

  /// Writes some channels of the window of output pixel `pixel`, elements `step` apart.
  func gather(
    _ image: UnsafePointer<Float>, pixel: Int, channels: Range<Int>, into target: UnsafeMutablePointer<Float>, step: Int
  ) {
    let inside = Inside(geometry, pixel)
    var target = target
    for channel in channels {
      let plane = image + (channel * steps.channel + inside.origin * steps.pixel)
      for u in 0..<geometry.kernelHeight {
        let line = plane + u * geometry.dilationY * geometry.width * steps.pixel
        let columns = inside.rows.contains(u) ? inside.columns : 0..<0
        for v in 0..<columns.lowerBound { target[v * step] = 0 }
        for v in columns { target[v * step] = line[v * geometry.dilationX * steps.pixel] }
        for v in columns.upperBound..<geometry.kernelWidth { target[v * step] = 0 }
        target += geometry.kernelWidth * step
      }
    }
  }

  /// Adds the window of output pixel `pixel`, `channels` channels of it, to planes that follow each other.
  func scatter(
    _ window: UnsafePointer<Float>, pixel: Int, channels: Int, to planes: UnsafeMutablePointer<Float>
  ) {
    let inside = Inside(geometry, pixel)
    for channel in 0..<channels {
      let plane = planes + (channel * geometry.inputPixels + inside.origin)
      for u in inside.rows {
        let line = plane + u * geometry.dilationY * geometry.width
        let source = window + (channel * geometry.kernelSize + u * geometry.kernelWidth)
        for v in inside.columns { line[v * geometry.dilationX] += source[v] }
      }
    }
  }

  /// The rows and columns of the kernel that lie inside the image at one output pixel.
  private struct Inside {
    /// Place of the kernel's first cell in a plane; it may lie outside.
    let origin: Int
    let rows: Range<Int>
    let columns: Range<Int>

    init(_ geometry: ConvolutionGeometry, _ pixel: Int) {
      let top = pixel / geometry.outWidth * geometry.strideY - geometry.top
      let left = pixel % geometry.outWidth * geometry.strideX - geometry.left
      origin = top * geometry.width + left
      rows = Self.cells(geometry.kernelHeight, from: top, geometry.dilationY, size: geometry.height)
      columns = Self.cells(geometry.kernelWidth, from: left, geometry.dilationX, size: geometry.width)
    }

    private static func cells(_ count: Int, from start: Int, _ step: Int, size: Int) -> Range<Int> {
      let first = start < 0 ? min(count, (step - 1 - start) / step) : 0
      let end = start < size ? min(count, (size - 1 - start) / step + 1) : 0
      return first..<max(first, end)
    }
  }
}
