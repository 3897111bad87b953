/// Small filters on planes of shape (height, width).
enum PlaneFilter {
  /// What lies beyond the border of a plane.
  enum Border {
    /// ... c b a | a b c ...
    case symmetric
    /// ... c b | a b c ...
    case mirrored

    func index(_ i: Int, _ count: Int) -> Int {
      if i >= 0 && i < count { return i }
      guard count > 1 else { return 0 }
      let period = self == .symmetric ? 2 * count : 2 * count - 2
      let place = ((i % period) + period) % period
      if place < count { return place }
      return self == .symmetric ? period - 1 - place : period - place
    }
  }

  /// Smoothing by a triangle of the radius in both directions; radius 0 gives the plane. A radius of 1 is [1 2 1] / 4.
  static func triangle(
    _ plane: [Float], width: Int, height: Int, radius: Int, border: Border = .symmetric
  ) -> [Float] {
    guard radius > 0 else { return plane }
    let norm = Float((radius + 1) * (radius + 1))
    let taps = (-radius...radius).map { Float(radius + 1 - abs($0)) / norm }
    var across = [Float](repeating: 0, count: plane.count)
    var result = across
    plane.withUnsafeBufferPointer { source in
      across.withUnsafeMutableBufferPointer { across in
        result.withUnsafeMutableBufferPointer { result in
          var line = [Float](repeating: 0, count: width + 2 * radius)
          for y in 0..<height {
            for x in -radius..<(width + radius) { line[x + radius] = source[y * width + border.index(x, width)] }
            line.withUnsafeBufferPointer { line in
              for (t, tap) in taps.enumerated() {
                for x in 0..<width { across[y &* width &+ x] += tap * line[x &+ t] }
              }
            }
          }
          for y in 0..<height {
            for (t, tap) in taps.enumerated() {
              let from = border.index(y + t - radius, height) * width
              for x in 0..<width { result[y &* width &+ x] += tap * across[from &+ x] }
            }
          }
        }
      }
    }
    return result
  }

  /// Central differences, one-sided at the border: (d/dx, d/dy).
  static func gradient(_ plane: [Float], width: Int, height: Int) -> (x: [Float], y: [Float]) {
    var (dx, dy) = (plane, plane)
    plane.withUnsafeBufferPointer { source in
      dx.withUnsafeMutableBufferPointer { dx in
        dy.withUnsafeMutableBufferPointer { dy in
          for y in 0..<height {
            let row = y * width
            let (above, below) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
            let scale: Float = y > 0 && y < height - 1 ? 0.5 : 1
            for x in 0..<width { dy[row &+ x] = (source[below &+ x] - source[above &+ x]) * scale }
            for x in 1..<max(width - 1, 1) { dx[row &+ x] = (source[row &+ x &+ 1] - source[row &+ x &- 1]) * 0.5 }
            dx[row] = source[row + min(1, width - 1)] - source[row]
            dx[row + width - 1] = source[row + width - 1] - source[row + max(width - 2, 0)]
          }
        }
      }
    }
    return (dx, dy)
  }
}
