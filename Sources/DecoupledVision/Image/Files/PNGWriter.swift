import DecoupledBase

/// Writes PNG files; each file appears complete or not at all (`FileAccess.write`).
public enum PNGWriter {
  /// Writes class ids as an 8-bit palette PNG, so that viewers show colours and readers get ids.
  /// - Throws: `EngineError` when the file cannot be written.
  public static func write(_ map: LabelMap, palette: Palette = .voc, to path: String) throws {
    try FileAccess.write(encode(map, palette: palette), to: path)
  }

  /// Writes 8-bit RGB.
  /// - Throws: `EngineError` when the file cannot be written.
  public static func write(_ image: RGBImage, to path: String) throws { try FileAccess.write(encode(image), to: path) }

  /// Writes 8-bit RGB with alpha.
  /// - Throws: `EngineError` when the file cannot be written.
  public static func write(_ image: RGBAImage, to path: String) throws { try FileAccess.write(encode(image), to: path) }

  /// The bytes of a palette PNG.
  public static func encode(_ map: LabelMap, palette: Palette = .voc) throws -> [UInt8] {
    try PNG.encode(width: map.width, height: map.height, channels: 1, pixels: map.labels, palette: palette)
  }

  /// The bytes of an RGB PNG.
  public static func encode(_ image: RGBImage) throws -> [UInt8] {
    try PNG.encode(width: image.width, height: image.height, channels: 3, pixels: image.pixels, palette: nil)
  }

  /// The bytes of an RGBA PNG.
  public static func encode(_ image: RGBAImage) throws -> [UInt8] {
    try PNG.encode(width: image.width, height: image.height, channels: 4, pixels: image.pixels, palette: nil)
  }
}
