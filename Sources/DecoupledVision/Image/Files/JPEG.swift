import CTurboJPEG
import DecoupledBase

/// JPEG in memory, through libjpeg-turbo.
enum JPEG {
  static func isJPEG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

  static func header(_ bytes: [UInt8], name: String) throws -> ImageHeader {
    try withDecoder(name) { try header(bytes, name: name, $0).image }
  }

  /// Decodes to RGB: grey is repeated, CMYK and YCCK are converted by `colour * black / 255`, without a colour profile.
  static func decode(_ bytes: [UInt8], name: String) throws -> (image: RGBImage, orientation: Orientation) {
    try withDecoder(name) { decoder in
      let (header, isCMYK, isInverted) = try header(bytes, name: name, decoder)
      let count = header.width * header.height
      let format = isCMYK ? TJPF_CMYK : TJPF_RGB
      var pixels = [UInt8](repeating: 0, count: count * (isCMYK ? 4 : 3))
      // The accurate transform is what other image libraries use. A file with thousands of scans is an attack.
      let status = tjDecompress2(
        decoder, bytes, UInt(bytes.count), &pixels, Int32(header.width), 0, Int32(header.height), format.rawValue32,
        TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
      if status != 0 {
        let reason = String(cString: tjGetErrorStr2(decoder))
        // Stray bytes between markers, which some cameras write, lose no pixel. All other warnings mean damaged pixels.
        guard tjGetErrorCode(decoder) == TJERR_WARNING.rawValue, reason.contains("extraneous bytes") else {
          throw EngineError(.format, "'\(name)' is a damaged or truncated JPEG file (\(reason)); replace it.")
        }
      }
      if isCMYK { pixels = convert(cmyk: pixels, count: count, inverted: isInverted) }
      return (try RGBImage(width: header.width, height: header.height, pixels: pixels), header.orientation)
    }
  }

  /// Encodes with 4:2:0 colour below quality 90 and full colour from there on.
  static func encode(_ image: RGBImage, quality: Int) throws -> [UInt8] {
    guard (1...100).contains(quality) else {
      throw EngineError(.invalidArgument, "The JPEG quality is \(quality); it must be from 1 to 100.")
    }
    guard let encoder = tjInitCompress() else { throw EngineError(.outOfMemory, "libjpeg-turbo cannot be started.") }
    defer { tjDestroy(encoder) }
    var buffer: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    defer { tjFree(buffer) }
    let subsampling = quality >= 90 ? TJSAMP_444 : TJSAMP_420
    let status = tjCompress2(
      encoder, image.pixels, Int32(image.width), 0, Int32(image.height), TJPF_RGB.rawValue32, &buffer, &size,
      Int32(subsampling.rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
    guard status == 0, let buffer else {
      throw EngineError(.io, "The image cannot be written as JPEG: \(String(cString: tjGetErrorStr2(encoder))).")
    }
    return Array(UnsafeBufferPointer(start: buffer, count: Int(size)))
  }

  private static func withDecoder<Result>(_ name: String, _ body: (tjhandle) throws -> Result) throws -> Result {
    guard let decoder = tjInitDecompress() else {
      throw EngineError(.outOfMemory, "libjpeg-turbo cannot be started to read '\(name)'.")
    }
    defer { tjDestroy(decoder) }
    return try body(decoder)
  }

  private static func header(
    _ bytes: [UInt8], name: String, _ decoder: tjhandle
  ) throws -> (image: ImageHeader, isCMYK: Bool, isInverted: Bool) {
    var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &subsampling, &space) == 0 else {
      let reason = String(cString: tjGetErrorStr2(decoder))
      throw EngineError(.format, "'\(name)' is a damaged or unsupported JPEG file (\(reason)); replace or convert it.")
    }
    try ImageLimits.check(width: Int(width), height: Int(height), what: "'\(name)'")
    let markers = JPEGMarkers(bytes)
    let header = ImageHeader(width: Int(width), height: Int(height), orientation: markers.orientation)
    let isCMYK = space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue)
    return (header, isCMYK, markers.hasAdobeMarker)
  }

  private static func convert(cmyk: [UInt8], count: Int, inverted: Bool) -> [UInt8] {
    let flip: UInt8 = inverted ? 0 : 255
    return [UInt8](unsafeUninitializedCapacity: count * 3) { target, initialized in
      for i in 0..<count {
        let black = Int(cmyk[4 * i + 3] ^ flip)
        for c in 0..<3 { target[3 * i + c] = UInt8((Int(cmyk[4 * i + c] ^ flip) * black + 127) / 255) }
      }
      initialized = count * 3
    }
  }
}

extension TJPF {
  fileprivate var rawValue32: Int32 { Int32(rawValue) }
}
