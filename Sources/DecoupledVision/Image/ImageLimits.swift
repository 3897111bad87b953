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
