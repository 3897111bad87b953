/// How a camera was held: the EXIF values 1 to 8, named by what turns the stored pixels upright.
public enum Orientation: Int, Sendable, Codable {
  case upright = 1
  case mirrored = 2
  case halfTurn = 3
  case flipped = 4
  case transposed = 5
  case quarterTurnRight = 6
  case transversed = 7
  case quarterTurnLeft = 8

  /// True when width and height change places.
  public var swapsSides: Bool { rawValue >= 5 }

  /// The stored image turned upright.
  public func apply(to image: RGBImage) -> RGBImage {
    if self == .upright { return image }
    let w = image.width
    let h = image.height
    // Source offset (in pixels) = origin + x * stepX + y * stepY for the pixel (x, y) of the result.
    let (origin, stepX, stepY): (Int, Int, Int) =
      switch self {
      case .upright: (0, 1, w)
      case .mirrored: (w - 1, -1, w)
      case .halfTurn: (w * h - 1, -1, -w)
      case .flipped: (w * (h - 1), 1, -w)
      case .transposed: (0, w, 1)
      case .quarterTurnRight: (w * (h - 1), -w, 1)
      case .transversed: (w * h - 1, -w, -1)
      case .quarterTurnLeft: (w - 1, w, -1)
      }
    var result = RGBImage(width: swapsSides ? h : w, height: swapsSides ? w : h)
    let (width, height) = (result.width, result.height)
    image.pixels.withUnsafeBufferPointer { source in
      result.pixels.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          for x in 0..<width {
            let from = 3 * (origin + x * stepX + y * stepY)
            let to = 3 * (y * width + x)
            target[to] = source[from]
            target[to + 1] = source[from + 1]
            target[to + 2] = source[from + 2]
          }
        }
      }
    }
    return result
  }
}
