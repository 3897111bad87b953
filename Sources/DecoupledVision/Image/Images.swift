import DecoupledBase

/// Limits of every image that is read or made: larger ones are refused with a sentence, not with an exhausted memory.
public enum ImageLimits {
  /// Largest width or height in pixels.
  public static let side = 16_384
  /// Largest number of pixels.
  public static let pixels = 100_000_000

  /// Checks a size; `what` begins the sentence of the error.
  public static func check(width: Int, height: Int, what: String) throws {
    guard width > 0, height > 0 else {
      throw EngineError(.format, "\(what) has the size \(width)x\(height); both sides must be at least 1.")
    }
    guard width <= side, height <= side, width * height <= pixels else {
      throw EngineError(
        .format,
        "\(what) has the size \(width)x\(height); at most \(side) on a side and \(pixels / 1_000_000) million "
          + "pixels are supported, so make it smaller first.")
    }
  }
}

/// A photograph: 8-bit RGB, interleaved, rows from top to bottom without padding.
public struct RGBImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `height * width * 3` bytes: R, G, B of the first pixel, then of the one to its right.
  public var pixels: [UInt8]

  /// An image of one colour (default black).
  public init(width: Int, height: Int, fill: (UInt8, UInt8, UInt8) = (0, 0, 0)) {
    self.width = width
    self.height = height
    pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for i in 0..<(width * height) {
        buffer[3 * i] = fill.0
        buffer[3 * i + 1] = fill.1
        buffer[3 * i + 2] = fill.2
      }
      count = width * height * 3
    }
  }

  /// Takes pixels that exist already.
  /// - Throws: `EngineError` when the size is refused or the number of bytes does not fit it.
  public init(width: Int, height: Int, pixels: [UInt8]) throws {
    try ImageLimits.check(width: width, height: height, what: "The image")
    guard pixels.count == width * height * 3 else {
      throw EngineError(
        .format, "An RGB image of \(width)x\(height) needs \(width * height * 3) bytes, not \(pixels.count).")
    }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The colour at column `x` and row `y`, both from 0.
  public subscript(x: Int, y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    get {
      let i = 3 * (y * width + x)
      return (pixels[i], pixels[i + 1], pixels[i + 2])
    }
    set {
      let i = 3 * (y * width + x)
      (pixels[i], pixels[i + 1], pixels[i + 2]) = newValue
    }
  }
}

/// A cut-out: 8-bit RGB and alpha, interleaved, colour not multiplied by alpha.
public struct RGBAImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `height * width * 4` bytes; alpha 255 is opaque.
  public var pixels: [UInt8]

  /// - Throws: `EngineError` when the size is refused or the number of bytes does not fit it.
  public init(width: Int, height: Int, pixels: [UInt8]) throws {
    try ImageLimits.check(width: width, height: height, what: "The image")
    guard pixels.count == width * height * 4 else {
      throw EngineError(
        .format, "An RGBA image of \(width)x\(height) needs \(width * height * 4) bytes, not \(pixels.count).")
    }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The image laid over black, the value that padding has too: `round(colour * alpha / 255)`.
  public func overBlack() -> RGBImage {
    var result = RGBImage(width: width, height: height)
    let count = width * height
    pixels.withUnsafeBufferPointer { source in
      result.pixels.withUnsafeMutableBufferPointer { target in
        for i in 0..<count {
          let alpha = Int(source[4 * i + 3])
          for c in 0..<3 { target[3 * i + c] = UInt8((Int(source[4 * i + c]) * alpha + 127) / 255) }
        }
      }
    }
    return result
  }
}

/// One class id a pixel: 0 is background, 1...L are objects, 255 is void (not counted and not trained on).
public struct LabelMap: Sendable, Equatable {
  /// The id that marks pixels without a label.
  public static let void: UInt8 = 255

  public let width: Int
  public let height: Int
  /// `height * width` ids, rows from top to bottom.
  public var labels: [UInt8]

  /// A map that is `fill` everywhere (default background).
  public init(width: Int, height: Int, fill: UInt8 = 0) {
    self.width = width
    self.height = height
    labels = [UInt8](repeating: fill, count: width * height)
  }

  /// - Throws: `EngineError` when the size is refused or the number of labels does not fit it.
  public init(width: Int, height: Int, labels: [UInt8]) throws {
    try ImageLimits.check(width: width, height: height, what: "The label map")
    guard labels.count == width * height else {
      throw EngineError(
        .format, "A label map of \(width)x\(height) needs \(width * height) labels, not \(labels.count).")
    }
    self.width = width
    self.height = height
    self.labels = labels
  }

  /// The label at column `x` and row `y`, both from 0.
  public subscript(x: Int, y: Int) -> UInt8 {
    get { labels[y * width + x] }
    set { labels[y * width + x] = newValue }
  }

  /// How many pixels carry each of the 256 ids.
  public func histogram() -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    labels.withUnsafeBufferPointer { source in
      counts.withUnsafeMutableBufferPointer { target in
        for label in source { target[Int(label)] += 1 }
      }
    }
    return counts
  }

  /// The object ids that occur, ascending, without background and void.
  public func objectLabels() -> [UInt8] {
    let counts = histogram()
    return (1..<255).filter { counts[$0] > 0 }.map { UInt8($0) }
  }
}

/// Real values in planes: score maps and network inputs, shape (channels, height, width).
public struct FloatImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public let channels: Int
  /// `channels * height * width` values.
  public var values: [Float]

  /// An image that is 0 everywhere.
  public init(width: Int, height: Int, channels: Int) {
    self.width = width
    self.height = height
    self.channels = channels
    values = [Float](repeating: 0, count: channels * width * height)
  }

  /// - Throws: `EngineError` when the size is refused or the number of values does not fit it.
  public init(width: Int, height: Int, channels: Int, values: [Float]) throws {
    try ImageLimits.check(width: width, height: height, what: "The image")
    guard channels > 0, values.count == channels * width * height else {
      throw EngineError(
        .format,
        "An image of shape (\(channels), \(height), \(width)) needs \(channels * width * height) "
          + "values, not \(values.count).")
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.values = values
  }
}
