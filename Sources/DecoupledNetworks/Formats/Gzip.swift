import CZlib
import DecoupledCore
import DecoupledVision

/// The gzip format (RFC 1952), through zlib.
enum Gzip {
  /// Whether bytes begin as a gzip file does.
  static func fits(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  private static let headerAndLargestWindow: Int32 = 16 + 15
  private static let piece = 1 << 16

  /// - Throws: `EngineError` when the bytes are damaged, cut off, or hold more than `FileAccess.maximumSize`.
  static func inflate(_ bytes: [UInt8], name: String) throws -> [UInt8] {
    var stream = z_stream()
    guard
      inflateInit2_(&stream, headerAndLargestWindow, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw EngineError(.outOfMemory, "There is no memory to decompress '\(name)'.") }
    defer { inflateEnd(&stream) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: piece)
    var input = bytes
    let status = try input.withUnsafeMutableBufferPointer { input -> Int32 in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      var status = Z_OK
      while status == Z_OK {
        let made = buffer.withUnsafeMutableBufferPointer { buffer -> Int in
          stream.next_out = buffer.baseAddress
          stream.avail_out = UInt32(buffer.count)
          status = CZlib.inflate(&stream, Z_NO_FLUSH)
          return buffer.count - Int(stream.avail_out)
        }
        guard result.count + made <= FileAccess.maximumSize else {
          throw EngineError(
            .format, "'\(name)' holds more than \(FileAccess.maximumSize) bytes when it is decompressed.")
        }
        result += buffer[..<made]
        if made == 0 && stream.avail_in == 0 { break }
      }
      return status
    }
    guard status == Z_STREAM_END, stream.avail_in == 0 else {
      throw EngineError(.format, "'\(name)' is no whole gzip file: it is damaged or cut off.")
    }
    return result
  }

  static func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
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
