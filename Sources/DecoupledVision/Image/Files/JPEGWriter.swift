import DecoupledBase

/// Writes JPEG files; each file appears complete or not at all (`FileAccess.write`).
public enum JPEGWriter {
  /// Writes with a quality from 1 to 100; colour has half the resolution below 90.
  /// - Throws: `EngineError` when the quality is out of range or the file cannot be written.
  public static func write(_ image: RGBImage, quality: Int = 92, to path: String) throws {
    try FileAccess.write(encode(image, quality: quality), to: path)
  }

  /// The bytes of a JPEG file.
  public static func encode(_ image: RGBImage, quality: Int = 92) throws -> [UInt8] {
    try JPEG.encode(image, quality: quality)
  }
}
