import CPNG
import DecoupledBase

/// PNG in memory, through libpng.
enum PNG {
  static func isPNG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) }

  /// What the first chunk says, with the size checked.
  static func header(_ bytes: [UInt8], name: String) throws -> cpng_header {
    var header = cpng_header()
    try call(name) { cpng_read_header(bytes, bytes.count, &header, $0) }
    try ImageLimits.check(width: Int(header.width), height: Int(header.height), what: "'\(name)'")
    return header
  }

  static func decodeRGBA(_ bytes: [UInt8], name: String) throws -> RGBAImage {
    let header = try header(bytes, name: name)
    let (width, height) = (Int(header.width), Int(header.height))
    var pixels = [UInt8](repeating: 0, count: width * height * 4)
    try call(name) { cpng_read(bytes, bytes.count, CPNG_RGBA, &pixels, $0) }
    return try RGBAImage(width: width, height: height, pixels: pixels)
  }

  /// Palette indices or grey values as stored.
  static func decodeSamples(_ bytes: [UInt8], name: String) throws -> LabelMap {
    let header = try header(bytes, name: name)
    guard header.color_type == 0 || header.color_type == 3 else {
      throw EngineError(
        .format,
        "The mask '\(name)' holds colours, not class ids; save it as a palette PNG or an 8-bit grey PNG of class ids.")
    }
    guard header.bit_depth <= 8 else {
      throw EngineError(
        .format, "The mask '\(name)' has \(header.bit_depth) bits a pixel; save it as an 8-bit PNG of class ids.")
    }
    let (width, height) = (Int(header.width), Int(header.height))
    var samples = [UInt8](repeating: 0, count: width * height)
    try call(name) { cpng_read(bytes, bytes.count, CPNG_SAMPLES, &samples, $0) }
    return try LabelMap(width: width, height: height, labels: samples)
  }

  static func encode(width: Int, height: Int, channels: Int, pixels: [UInt8], palette: Palette?) throws -> [UInt8] {
    var data: UnsafeMutablePointer<UInt8>?
    var size = 0
    defer { cpng_free(data) }
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
    let status = cpng_write(
      UInt32(width), UInt32(height), Int32(channels), pixels, palette?.bytes, &data, &size, &message)
    guard status == 0, let data else {
      throw EngineError(.io, "An image of \(width)x\(height) cannot be written as PNG: \(text(message)).")
    }
    return Array(UnsafeBufferPointer(start: data, count: size))
  }

  private static func call(_ name: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32) throws {
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
    guard body(&message) == 0 else {
      throw EngineError(.format, "'\(name)' is a damaged or truncated PNG file (\(text(message))); replace it.")
    }
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
