import DecoupledBase

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
