import DecoupledBase

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
