import CZlib

/// The gzip format (RFC 1952), through zlib.
public enum Gzip {
  /// Whether bytes begin as a gzip file does.
  public static func fits(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  private static let headerAndLargestWindow: Int32 = 16 + 15
  private static let piece = 1 << 16
  /// More is not decompressed; OpenCV's own forest has a tenth of it.
  public static let mostInflated = 256 << 20

  /// - Throws: `EngineError` when the bytes are damaged, cut off, or hold more than `mostInflated`.
  public static func inflate(_ bytes: [UInt8], name: String) throws -> [UInt8] {
    guard let stream = InflateStream(bytes, range: bytes.indices, format: .gzip) else {
      throw EngineError(.outOfMemory, "There is no memory to decompress '\(name)'.")
    }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: piece)
    while let made = buffer.withUnsafeMutableBufferPointer({ stream.read(into: $0) }), made > 0 {
      guard result.count + made <= mostInflated else {
        throw EngineError(
          .format, "'\(name)' holds more than \(mostInflated) bytes when it is decompressed.")
      }
      result += buffer[..<made]
    }
    guard stream.isWhole else {
      throw EngineError(.format, "'\(name)' is no whole gzip file: it is damaged or cut off.")
    }
    return result
  }

  public static func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    let memoryLevel: Int32 = 8
    guard
      deflateInit2_(
        &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, headerAndLargestWindow, memoryLevel, Z_DEFAULT_STRATEGY,
        ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw EngineError(.outOfMemory, "There is no memory to compress \(bytes.count) bytes.") }
    defer { deflateEnd(&stream) }
    var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 32)
    var input = bytes
    let status = input.withUnsafeMutableBufferPointer { input in
      result.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return CZlib.deflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else { throw EngineError(.internal, "zlib gave the status \(status).") }
    return Array(result.prefix(Int(stream.total_out)))
  }
}
