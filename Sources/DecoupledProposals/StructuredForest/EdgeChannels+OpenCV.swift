import DecoupledVision
import Glibc

extension EdgeChannels {
  /// As OpenCV's structured edge detection computes them, so that its forests see what they were trained on.
  static func opencv(_ image: FloatImage, _ settings: ForestSettings) -> FloatImage {
    let luv = luv(image)
    let (width, height) = (half(image.width), half(image.height))
    var values = area(luv, width: width, height: height).values
    for scale in 0..<2 {
      var source = scale == 0 ? luv : area(luv, width: width, height: height)
      source.values = triangle(source, radius: settings.gradientSmoothing, border: .mirrored)
      let cell = scale == 0 ? settings.shrink : 1
      let (magnitude, histogram) = differences(source, bins: settings.orientations, cell: cell, settings.normalisation)
      values += area(magnitude, width: width, height: height).values
      values += area(histogram, width: width, height: height).values
    }
    var result = FloatImage(width: width, height: height, channels: settings.channels)
    result.values = values
    return result
  }

  /// Half of a side, rounded as OpenCV does: halves to the even number.
  private static func half(_ side: Int) -> Int { Int((Float(side) / 2).rounded(.toNearestOrEven)) }

  /// Normalised magnitude of plain differences and its histogram, each pixel in the nearest bin.
  private static func differences(
    _ image: FloatImage, bins: Int, cell: Int, _ normalisation: Int
  ) -> (magnitude: FloatImage, histogram: FloatImage) {
    let (width, height) = (image.width, image.height)
    var magnitude = FloatImage(width: width, height: height, channels: 1)
    var bin = [Int](repeating: 0, count: width * height)
    for y in 0..<height {
      let (above, below) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
      for x in 0..<width {
        var strongest: (square: Float, dx: Float, dy: Float) = (-1, 0, 0)
        for channel in 0..<image.channels {
          let plane = channel * width * height
          let row = plane + y * width
          let dx = image.values[row + min(x + 1, width - 1)] - image.values[row + max(x - 1, 0)]
          let dy = image.values[plane + below + x] - image.values[plane + above + x]
          let square = dx * dx + dy * dy
          if square > strongest.square { strongest = (square, dx, dy) }
        }
        magnitude.values[y * width + x] = strongest.square.squareRoot()
        let (dx, dy) = (strongest.dx, strongest.dy)
        let turns = abs(dx) + abs(dy) < 1e-5 ? 0.5 : degrees(dy, dx) / 180 - (dy < 0 ? 1 : 0)
        let nearest = Int((turns * Float(bins)).rounded(.toNearestOrEven))
        bin[y * width + x] = nearest >= bins ? 0 : max(nearest, 0)
      }
    }
    let mean = PlaneFilter.triangle(
      magnitude.values, width: width, height: height, radius: normalisation, border: .mirrored)
    for i in mean.indices { magnitude.values[i] /= mean[i] + 0.01 }
    let (across, down) = ((width + cell - 1) / cell, (height + cell - 1) / cell)
    var histogram = FloatImage(width: across, height: down, channels: bins)
    for y in 0..<height {
      for x in 0..<width {
        let to = (bin[y * width + x] * down + y / cell) * across + x / cell
        histogram.values[to] += magnitude.values[y * width + x] / Float(cell * cell)
      }
    }
    return (magnitude, histogram)
  }

  /// OpenCV's arctangent, 0..<360: a polynomial whose errors (up to 0.3 degrees) decide which bin is nearest.
  private static func degrees(_ y: Float, _ x: Float) -> Float {
    let (ax, ay) = (abs(x), abs(y))
    let ratio = min(ax, ay) / (max(ax, ay) + Float(Double.ulpOfOne))
    let square = ratio * ratio
    let coefficients: [Float] = [-0.044_326_555_547_921_28, 0.155_578_651_846_328_1, -0.325_808_397_464_097_5]
    var sum = coefficients[0] * Float(180 / Double.pi)
    sum = sum * square + coefficients[1] * Float(180 / Double.pi)
    sum = sum * square + coefficients[2] * Float(180 / Double.pi)
    sum = sum * square + 0.999_787_841_279_480_7 * Float(180 / Double.pi)
    var angle = sum * ratio
    if ax < ay { angle = 90 - angle }
    if x < 0 { angle = 180 - angle }
    if y < 0 { angle = 360 - angle }
    return angle
  }

  /// OpenCV's INTER_AREA: means over the pixels that each new pixel covers, in part where it covers them in part.
  private static func area(_ image: FloatImage, width: Int, height: Int) -> FloatImage {
    if width == image.width && height == image.height { return image }
    let (columns, rows) = (coverage(image.width, width), coverage(image.height, height))
    var result = FloatImage(width: width, height: height, channels: image.channels)
    var line = [Float](repeating: 0, count: image.width)
    for channel in 0..<image.channels {
      for y in 0..<height {
        for x in line.indices { line[x] = 0 }
        for (source, weight) in rows[y] {
          let from = (channel * image.height + source) * image.width
          for x in line.indices { line[x] += image.values[from + x] * weight }
        }
        for x in 0..<width {
          result.values[(channel * height + y) * width + x] = columns[x].reduce(0) { $0 + line[$1.source] * $1.weight }
        }
      }
    }
    return result
  }

  private static func coverage(_ from: Int, _ to: Int) -> [[(source: Int, weight: Float)]] {
    let scale = Double(from) / Double(to)
    return (0..<to).map { i in
      let (start, end) = (Double(i) * scale, min(Double(i + 1) * scale, Double(from)))
      return (Int(start)..<min(Int(end.rounded(.up)), from)).compactMap { source in
        let part = min(end, Double(source + 1)) - max(start, Double(source))
        return part > 1e-3 ? (source, Float(part / (end - start))) : nil
      }
    }
  }
}
