import DecoupledBase

/// Reads masks: one class id a pixel.
public enum MaskReader {
  /// Reads the indices of a palette PNG (1, 2, 4 or 8 bits) or the values of a grey PNG of at most 8 bits exactly as
  /// stored.
  /// - Throws: `EngineError` when the file is missing, damaged, no PNG, or holds colours instead of ids.
  public static func read(_ path: String) throws -> LabelMap {
    try decode(FileAccess.read(path), name: path)
  }

  /// As `read`, from bytes in memory; `name` is what errors call them.
  public static func decode(_ bytes: [UInt8], name: String) throws -> LabelMap {
    guard PNG.isPNG(bytes) else {
      throw EngineError(
        .format, "The mask '\(name)' is not a PNG file; masks are palette or 8-bit grey PNG files of class ids.")
    }
    return try PNG.decodeSamples(bytes, name: name)
  }
}
