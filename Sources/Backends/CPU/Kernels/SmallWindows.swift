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
    let (top, left) = origin(pixel)
    var target = target
    for channel in channels {
      let plane = image + channel * steps.channel
      for u in 0..<geometry.kernelHeight {
        let y = top + u * geometry.dilationY
        for v in 0..<geometry.kernelWidth {
          let x = left + v * geometry.dilationX
          target.pointee = contains(y, x) ? plane[(y * geometry.width + x) * steps.pixel] : 0
          target += step
        }
      }
    }
  }

  /// Adds the window of output pixel `pixel`, `channels` channels of it, to planes that follow each other.
  func scatter(
    _ window: UnsafePointer<Float>, pixel: Int, channels: Int, to planes: UnsafeMutablePointer<Float>
  ) {
    let (top, left) = origin(pixel)
    var source = window
    for channel in 0..<channels {
      let plane = planes + channel * geometry.inputPixels
      for u in 0..<geometry.kernelHeight {
        let y = top + u * geometry.dilationY
        for v in 0..<geometry.kernelWidth {
          let x = left + v * geometry.dilationX
          if contains(y, x) { plane[y * geometry.width + x] += source.pointee }
          source += 1
        }
      }
    }
  }

  private func origin(_ pixel: Int) -> (Int, Int) {
    (
      pixel / geometry.outWidth * geometry.strideY - geometry.top,
      pixel % geometry.outWidth * geometry.strideX - geometry.left
    )
  }

  @inline(__always) private func contains(_ y: Int, _ x: Int) -> Bool {
    y >= 0 && y < geometry.height && x >= 0 && x < geometry.width
  }
}
