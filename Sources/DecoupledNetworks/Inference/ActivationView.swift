import DecoupledVision

/// A picture of a class-specific activation map, which has hundreds of channels.
public enum ActivationView {
  /// The channel that agrees most with the foreground map: highest correlation (Figure 2's "most representative channel").
  /// - Returns: one channel of the activation map's size, 1 x h x w.
  public static func mostRepresentative(_ activation: FloatImage, foreground: FloatImage) -> FloatImage {
    let (width, height) = (activation.width, activation.height)
    // The network saw the image padded to a square at the bottom and right.
    let side = max(foreground.width, foreground.height)
    var target = [Float](repeating: 0, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        let (left, right) = (x * side / width, (x + 1) * side / width)
        let (top, bottom) = (y * side / height, (y + 1) * side / height)
        var sum: Float = 0
        // Cells below or right of the image show its padding.
        for row in min(top, foreground.height)..<min(bottom, foreground.height) {
          for column in min(left, foreground.width)..<min(right, foreground.width) {
            sum += foreground.values[row * foreground.width + column]
          }
        }
        target[y * width + x] = sum / Float(max(1, (right - left) * (bottom - top)))
      }
    }
    var best = (channel: 0, correlation: -Float.infinity)
    for channel in 0..<activation.channels {
      let plane = activation.values[(channel * width * height)..<((channel + 1) * width * height)]
      let correlation = Self.correlation(Array(plane), target)
      if correlation > best.correlation { best = (channel, correlation) }
    }
    var result = FloatImage(width: width, height: height, channels: 1)
    result.values = Array(
      activation.values[(best.channel * width * height)..<((best.channel + 1) * width * height)])
    return result
  }

  /// One channel enlarged to the pixels of an image: its grid covers the square that the image was padded to.
  public static func enlarged(_ channel: FloatImage, width: Int, height: Int) -> FloatImage {
    let side = max(width, height)
    var result = FloatImage(width: width, height: height, channels: 1)
    channel.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        Resampling.resizePlanes(
          source, channels: 1, height: channel.height, width: channel.width, outHeight: side, outWidth: side,
          kept: (height, width), kernel: .bilinear, into: target)
      }
    }
    return result
  }

  private static func correlation(_ a: [Float], _ b: [Float]) -> Float {
    let count = Float(a.count)
    let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
    var (product, squareA, squareB): (Float, Float, Float) = (0, 0, 0)
    for (x, y) in zip(a, b) {
      product += (x - meanA) * (y - meanB)
      squareA += (x - meanA) * (x - meanA)
      squareB += (y - meanB) * (y - meanB)
    }
    let scale = (squareA * squareB).squareRoot()
    return scale > 0 ? product / scale : -.infinity
  }
}
