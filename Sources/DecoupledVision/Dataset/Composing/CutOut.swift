import DecoupledBase

/// One object with transparency, ready to be placed: cropped to what is opaque, scaled, turned, mirrored, brightened.
struct CutOut {
  /// How an object is placed.
  struct Pose {
    /// The longer side of the untilted object, in pixels.
    let size: Double
    /// Radians, counter-clockwise.
    let angle: Double
    let mirrored: Bool
    /// A factor for the colours.
    let brightness: Double
  }

  let width: Int
  let height: Int
  /// Red, green, blue and alpha, interleaved; bytes, because a composer keeps all its objects in memory.
  private let pixels: [UInt8]

  /// Crops to the pixels that are at least half opaque.
  /// - Throws: `EngineError` when there are none.
  init(_ image: RGBAImage, name: String) throws {
    var box = Window(x1: image.width, y1: image.height, x2: -1, y2: -1)
    for y in 0..<image.height {
      for x in 0..<image.width where image.pixels[4 * (y * image.width + x) + 3] >= 128 {
        box = Window(x1: min(box.x1, x), y1: min(box.y1, y), x2: max(box.x2, x), y2: max(box.y2, y))
      }
    }
    guard box.x2 >= 0 else {
      throw EngineError(.format, "The cut-out '\(name)' is transparent everywhere; use a PNG whose object is opaque.")
    }
    width = box.width
    height = box.height
    pixels = (box.y1...box.y2).flatMap { y in
      image.pixels[(4 * (y * image.width + box.x1))..<(4 * (y * image.width + box.x2 + 1))]
    }
  }

  /// One channel, colours multiplied by alpha: mixing neighbours then leaves no dark rim.
  private func plane(_ channel: Int) -> [Double] {
    (0..<(width * height)).map { i in
      let value = Double(pixels[4 * i + channel])
      return channel == 3 ? value : value * Double(pixels[4 * i + 3]) / 255
    }
  }

  /// The object in a pose: RGBA with colours multiplied by alpha, 0...255, in a window as large as it needs.
  func posed(_ pose: Pose) -> (width: Int, height: Int, pixels: [Float]) {
    let scale = pose.size / Double(max(width, height))
    let (w, h) = (max(1, Int((Double(width) * scale).rounded())), max(1, Int((Double(height) * scale).rounded())))
    // Shrinking needs the antialiased rule; the rotation after it keeps the size and can be bilinear.
    let plan = PlaneResizer(
      height: height, width: width, outHeight: h, outWidth: w, kernel: .bilinear, antialias: true)
    let planes = (0..<4).map { plan.resize(plane($0)) }
    let (cosine, sine) = Rotation.cosineAndSine(pose.angle)
    let outWidth = Int((abs(Double(w) * cosine) + abs(Double(h) * sine)).rounded(.up))
    let outHeight = Int((abs(Double(w) * sine) + abs(Double(h) * cosine)).rounded(.up))
    var result = [Float](repeating: 0, count: outWidth * outHeight * 4)
    for y in 0..<outHeight {
      for x in 0..<outWidth {
        let (dx, dy) = (Double(x) - Double(outWidth - 1) / 2, Double(y) - Double(outHeight - 1) / 2)
        var sourceX = cosine * dx - sine * dy + Double(w - 1) / 2
        let sourceY = sine * dx + cosine * dy + Double(h - 1) / 2
        if pose.mirrored { sourceX = Double(w - 1) - sourceX }
        let (left, top) = (Int(sourceX.rounded(.down)), Int(sourceY.rounded(.down)))
        let (fx, fy) = (sourceX - Double(left), sourceY - Double(top))
        for c in 0..<4 {
          func value(_ x: Int, _ y: Int) -> Double {
            x >= 0 && y >= 0 && x < w && y < h ? planes[c][y * w + x] : 0
          }
          let above = value(left, top) * (1 - fx) + value(left + 1, top) * fx
          let below = value(left, top + 1) * (1 - fx) + value(left + 1, top + 1) * fx
          let mixed = above * (1 - fy) + below * fy
          result[4 * (y * outWidth + x) + c] = Float(c < 3 ? mixed * pose.brightness : mixed)
        }
      }
    }
    return (outWidth, outHeight, result)
  }
}

/// Sine and cosine from basic arithmetic, so that composed data sets are the same on every machine.
enum Rotation {
  static func cosineAndSine(_ angle: Double) -> (Double, Double) {
    var (cosine, sine, term) = (1.0, 0.0, 1.0)
    for n in 1...24 {
      term *= angle / Double(n)
      switch n % 4 {
      case 1: sine += term
      case 2: cosine -= term
      case 3: sine -= term
      default: cosine += term
      }
    }
    return (cosine, sine)
  }
}
