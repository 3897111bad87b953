/// Resizing by the rules of two well-known programs, because a network sees the difference.
public enum Resampling {
  /// How MATLAB's `imresize` weighs neighbours.
  public enum Kernel: String, Sendable, Codable {
    /// A triangle, two pixels wide.
    case bilinear
    /// Keys' cubic with a = -0.5, four pixels wide.
    case bicubic

    var width: Double { self == .bilinear ? 2 : 4 }

    func callAsFunction(_ x: Double) -> Double {
      let d = abs(x)
      switch self {
      case .bilinear: return d < 1 ? 1 - d : 0
      case .bicubic:
        if d <= 1 { return (1.5 * d - 2.5) * d * d + 1 }
        return d <= 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0
      }
    }
  }

  /// MATLAB `imresize` of planes of shape (channels, height, width), computed in double without clamping.
  ///
  /// The output pixel x lies at `(x + 0.5) / s - 0.5` with s = out / in. When shrinking with `antialias` the kernel is
  /// widened by 1/s. Weights sum to 1, borders are mirrored, the dimension with the smaller scale is done first.
  /// - Parameters:
  ///   - kept: the top left part of the result that is wanted; all of it by default.
  ///   - output: room for `channels` planes of the kept part.
  public static func resizePlanes(
    _ input: UnsafePointer<Float>, channels: Int, height: Int, width: Int, outHeight: Int, outWidth: Int,
    kept: (height: Int, width: Int)? = nil, kernel: Kernel, antialias: Bool = true,
    into output: UnsafeMutablePointer<Float>
  ) {
    let plan = PlaneResizer(
      height: height, width: width, outHeight: outHeight, outWidth: outWidth, kept: kept, kernel: kernel,
      antialias: antialias)
    let count = kept.map { $0.height * $0.width } ?? outHeight * outWidth
    var source = [Double](repeating: 0, count: height * width)
    for channel in 0..<channels {
      let from = input + channel * height * width
      source.withUnsafeMutableBufferPointer { for i in 0..<(height * width) { $0[i] = Double(from[i]) } }
      let to = output + channel * count
      plan.resize(source).withUnsafeBufferPointer { for i in 0..<count { to[i] = Float($0[i]) } }
    }
  }

  /// MATLAB `imresize` of a float image; see `resizePlanes`.
  /// - Throws: `EngineError` when the size is refused.
  public static func resize(
    _ image: FloatImage, width: Int, height: Int, kernel: Kernel, antialias: Bool = true
  ) throws -> FloatImage {
    try ImageLimits.check(width: width, height: height, what: "The resized image")
    var result = FloatImage(width: width, height: height, channels: image.channels)
    image.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        resizePlanes(
          source, channels: image.channels, height: image.height, width: image.width, outHeight: height,
          outWidth: width, kernel: kernel, antialias: antialias, into: target)
      }
    }
    return result
  }

  /// MATLAB `imresize` of a photograph, rounded and clamped to 8 bits once at the end.
  /// - Throws: `EngineError` when the size is refused.
  public static func resize(
    _ image: RGBImage, width: Int, height: Int, kernel: Kernel, antialias: Bool = true
  ) throws -> RGBImage {
    try ImageLimits.check(width: width, height: height, what: "The resized image")
    let plan = PlaneResizer(
      height: image.height, width: image.width, outHeight: height, outWidth: width, kernel: kernel, antialias: antialias
    )
    var result = RGBImage(width: width, height: height)
    for channel in 0..<3 {
      plan.resize(image, channel: channel).withUnsafeBufferPointer { plane in
        result.pixels.withUnsafeMutableBufferPointer { target in
          for i in 0..<(width * height) {
            target[3 * i + channel] = UInt8(max(0, min(255, plane[i].rounded())))
          }
        }
      }
    }
    return result
  }
}

extension RGBImage {
  /// One channel (0 red, 1 green, 2 blue) as doubles.
  func plane(_ channel: Int) -> [Double] {
    let count = width * height
    return [Double](unsafeUninitializedCapacity: count) { target, initialized in
      pixels.withUnsafeBufferPointer { source in
        for i in 0..<count { target[i] = Double(source[3 * i + channel]) }
      }
      initialized = count
    }
  }
}
