import CZlib

/// Compressed bytes that are expanded a piece at a time, so that memory does not grow with what a hostile file expands to.
public final class InflateStream {
  /// What is around the compressed data.
  public enum Format: Sendable {
    /// RFC 1950, as MATLAB has it.
    case zlib
    /// RFC 1952.
    case gzip
  }

  private let bytes: [UInt8]
  private let end: Int
  private var place: Int
  // zlib remembers where its state lies, so that it must not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var isAtEnd = false

  private static let largestWindow: Int32 = 15
  private static let gzipHeader: Int32 = 16

  /// Expands the bytes of a range. Nil when there is no memory for it.
  public init?(_ bytes: [UInt8], range: Range<Int>, format: Format) {
    self.bytes = bytes
    place = range.lowerBound
    end = range.upperBound
    stream.initialize(to: z_stream())
    let window = Self.largestWindow + (format == .gzip ? Self.gzipHeader : 0)
    guard inflateInit2_(stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Whether the compressed data ended, with the check sum that they must have, where the range ends. That is known when a read
  /// has given less than it was asked for.
  public var isWhole: Bool { isAtEnd && place == end }

  /// Writes the next bytes into `target` and gives their number, which is smaller than the target only at the end; nil when
  /// the data are damaged or cut off.
  public func read(into target: UnsafeMutableBufferPointer<UInt8>) -> Int? {
    var filled = 0
    while filled < target.count, !isAtEnd {
      let status = bytes.withUnsafeBufferPointer { bytes -> Int32 in
        // zlib does not write to its input but is declared so.
        stream.pointee.next_in = bytes.baseAddress.map { UnsafeMutablePointer(mutating: $0 + place) }
        stream.pointee.avail_in = UInt32(clamping: end - place)
        stream.pointee.next_out = target.baseAddress.map { $0 + filled }
        stream.pointee.avail_out = UInt32(clamping: target.count - filled)
        let (input, output) = (stream.pointee.avail_in, stream.pointee.avail_out)
        let status = inflate(stream, Z_NO_FLUSH)
        place += Int(input - stream.pointee.avail_in)
        filled += Int(output - stream.pointee.avail_out)
        return status
      }
      if status == Z_STREAM_END { isAtEnd = true } else if status != Z_OK { return nil }
    }
    return filled
  }
}
