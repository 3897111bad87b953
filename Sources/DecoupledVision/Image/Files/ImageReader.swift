import DecoupledBase

/// Reads photographs and cut-outs: JPEG and PNG, told apart by their first bytes, not by their names.
///
/// Grey is repeated in three channels, 16 bits are rounded to 8, colour profiles and gamma values are not applied.
public enum ImageReader {
  /// Reads a photograph as 8-bit RGB. What is transparent in a PNG is laid over black; CMYK is converted without a
  /// profile.
  /// - Parameter applyOrientation: turns the photo upright as its EXIF block says.
  /// - Throws: `EngineError` for a missing, damaged, truncated, unsupported or too large file.
  public static func read(_ path: String, applyOrientation: Bool = true) throws -> RGBImage {
    try decode(FileAccess.read(path), name: path, applyOrientation: applyOrientation)
  }

  /// As `read`, from bytes in memory; `name` is what errors call them.
  public static func decode(_ bytes: [UInt8], name: String, applyOrientation: Bool = true) throws -> RGBImage {
    if JPEG.isJPEG(bytes) {
      let (image, orientation) = try JPEG.decode(bytes, name: name)
      return applyOrientation ? orientation.apply(to: image) : image
    }
    if PNG.isPNG(bytes) { return try PNG.decodeRGBA(bytes, name: name).overBlack() }
    throw unknown(name, bytes)
  }

  /// Reads a cut-out with its transparency; a JPEG, which has none, is opaque and turned upright.
  /// - Throws: `EngineError` as `read`.
  public static func readAlpha(_ path: String) throws -> RGBAImage {
    let bytes = try FileAccess.read(path)
    if PNG.isPNG(bytes) { return try PNG.decodeRGBA(bytes, name: path) }
    let image = try decode(bytes, name: path)
    let count = image.width * image.height
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 4) { target, initialized in
      for i in 0..<count {
        for c in 0..<3 { target[4 * i + c] = image.pixels[3 * i + c] }
        target[4 * i + 3] = 255
      }
      initialized = count * 4
    }
    return try RGBAImage(width: image.width, height: image.height, pixels: pixels)
  }

  /// Reads size and orientation without decoding the pixels.
  /// - Throws: `EngineError` when the file is missing, neither JPEG nor PNG, or its header is damaged or too large.
  public static func header(_ path: String) throws -> ImageHeader {
    try header(FileAccess.read(path), name: path)
  }

  /// How the camera was held, from the EXIF block of a JPEG; `upright` for everything else.
  /// - Throws: `EngineError` as `header`.
  public static func orientation(_ path: String) throws -> Orientation { try header(path).orientation }

  static func header(_ bytes: [UInt8], name: String) throws -> ImageHeader {
    if JPEG.isJPEG(bytes) { return try JPEG.header(bytes, name: name) }
    guard PNG.isPNG(bytes) else { throw unknown(name, bytes) }
    let header = try PNG.header(bytes, name: name)
    return ImageHeader(width: Int(header.width), height: Int(header.height), orientation: .upright)
  }

  private static func unknown(_ name: String, _ bytes: [UInt8]) -> EngineError {
    bytes.isEmpty
      ? EngineError(.format, "'\(name)' is empty; replace it by a JPEG or PNG file.")
      : EngineError(.format, "'\(name)' is neither a JPEG nor a PNG file; convert it to one of these.")
  }
}
