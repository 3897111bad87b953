import DecoupledVision
import Glibc

/// The channels that edge features are taken from: colour, gradient magnitude and orientation histograms at two scales.
enum EdgeChannels {
  /// As the authors compute them; the sides of the image must be multiples of 4.
  static func authors(_ image: FloatImage, _ settings: ForestSettings) -> FloatImage {
    let luv = luv(image)
    let half = halved(luv)
    var values = half.values
    for (scale, source) in [luv, half].enumerated() {
      var smooth = source
      smooth.values = triangle(source, radius: settings.gradientSmoothing)
      var (magnitude, orientation) = gradient(smooth)
      let mean = PlaneFilter.triangle(
        magnitude.values, width: source.width, height: source.height, radius: settings.normalisation)
      for i in mean.indices { magnitude.values[i] /= mean[i] + 0.01 }
      let cell = scale == 0 ? settings.shrink : 1
      values += scale == 0 ? halved(magnitude).values : magnitude.values
      values += histogram(magnitude, orientation, bins: settings.orientations, cell: cell)
    }
    var result = FloatImage(width: half.width, height: half.height, channels: settings.channels)
    result.values = values
    return result
  }

  /// RGB of 0...1 to Luv, scaled and shifted to about 0...1.
  static func luv(_ image: FloatImage) -> FloatImage {
    let count = image.width * image.height
    var result = image
    image.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        lightness.withUnsafeBufferPointer { lightness in
          for i in 0..<count {
            let (r, g, b) = (source[i], source[count &+ i], source[2 &* count &+ i])
            let x = 0.430574 * r + 0.341550 * g + 0.178325 * b
            let y = 0.222015 * r + 0.706655 * g + 0.071330 * b
            let z = 0.020183 * r + 0.129553 * g + 0.939180 * b
            let scale = 1 / (x + 15 * y + 3 * z + 1e-35)
            let l = lightness[min(max(Int(1024 * y), 0), lightness.count &- 1)]
            target[i] = l
            target[count &+ i] = l * (52 * x * scale - 13 * 0.197833) + 88 / 270
            target[2 &* count &+ i] = l * (117 * y * scale - 13 * 0.468331) + 134 / 270
          }
        }
      }
    }
    return result
  }

  /// L of Luv divided by 270, for luminances in steps of 1/1024.
  private static let lightness: [Float] = (0..<1024).map { step in
    let y = Float(step) / 1024
    let cube: Float = 24389.0 / 27
    return (y > 8 / cube ? 116 * powf(y, 1.0 / 3) - 16 : y * cube) / 270
  }

  /// Means of 2x2 pixels; the sides must be even.
  static func halved(_ image: FloatImage) -> FloatImage {
    var result = FloatImage(width: image.width / 2, height: image.height / 2, channels: image.channels)
    image.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        var to = 0
        for row in 0..<(image.channels * image.height / 2) {
          let (above, below) = (2 * row * image.width, (2 * row + 1) * image.width)
          for x in 0..<(image.width / 2) {
            let sum = source[above &+ 2 &* x] + source[above &+ 2 &* x &+ 1] + source[below &+ 2 &* x]
            target[to] = (sum + source[below &+ 2 &* x &+ 1]) * 0.25
            to &+= 1
          }
        }
      }
    }
    return result
  }

  static func triangle(_ image: FloatImage, radius: Int, border: PlaneFilter.Border = .symmetric) -> [Float] {
    guard radius > 0 else { return image.values }
    let count = image.width * image.height
    return (0..<image.channels).flatMap { channel in
      PlaneFilter.triangle(
        Array(image.values[(channel * count)..<((channel + 1) * count)]), width: image.width, height: image.height,
        radius: radius, border: border)
    }
  }

  /// Magnitude, and orientation from 0 to pi, of the channel with the strongest gradient at each pixel.
  private static func gradient(_ image: FloatImage) -> (magnitude: FloatImage, orientation: [Float]) {
    let count = image.width * image.height
    var magnitude = FloatImage(width: image.width, height: image.height, channels: 1)
    var (bestX, bestY) = (magnitude.values, magnitude.values)
    for channel in 0..<image.channels {
      let (dx, dy) = PlaneFilter.gradient(
        Array(image.values[(channel * count)..<((channel + 1) * count)]), width: image.width, height: image.height)
      for i in 0..<count {
        let square = dx[i] * dx[i] + dy[i] * dy[i]
        if square > magnitude.values[i] { (magnitude.values[i], bestX[i], bestY[i]) = (square, dx[i], dy[i]) }
      }
    }
    for i in 0..<count { magnitude.values[i] = magnitude.values[i].squareRoot() }
    let orientation = zip(bestX, bestY).map { dx, dy -> Float in
      let angle = atan2f(dy, dx)
      return angle < 0 ? max(angle + .pi, 0) : angle
    }
    return (magnitude, orientation)
  }

  /// Magnitudes summed by orientation over cells; each is shared by the two nearest bins. Shape (bins, height / cell,
  /// width / cell).
  private static func histogram(_ magnitude: FloatImage, _ orientation: [Float], bins: Int, cell: Int) -> [Float] {
    let (width, height) = (magnitude.width, magnitude.height)
    let (across, down) = (width / cell, height / cell)
    var result = [Float](repeating: 0, count: bins * across * down)
    let weight = 1 / Float(cell * cell)
    let perRadian = Float(bins) / .pi
    result.withUnsafeMutableBufferPointer { result in
      for y in 0..<(down * cell) {
        for x in 0..<(across * cell) {
          let i = y &* width &+ x
          let place = orientation[i] * perRadian
          let whole = Int(place)
          let share = place - Float(whole)
          let (low, high) = (whole % bins, (whole &+ 1) % bins)
          let to = (y / cell) &* across &+ x / cell
          let value = magnitude.values[i] * weight
          result[low &* across &* down &+ to] += value * (1 - share)
          result[high &* across &* down &+ to] += value * share
        }
      }
    }
    return result
  }
}
