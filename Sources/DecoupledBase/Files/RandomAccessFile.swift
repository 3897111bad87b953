import Glibc

/// A regular file that is read in pieces wherever they lie, so that memory does not grow with the file.
public final class RandomAccessFile: @unchecked Sendable {
  public let path: String
  public let size: Int
  private let descriptor: Int32

  /// - Throws: `EngineError` with status `notFound`, `io`, or `format` when the file is empty.
  public init(path: String) throws {
    self.path = path
    (descriptor, size) = try Self.open(path)
  }

  deinit { close(descriptor) }

  /// Opens a regular file that is not empty, for reading.
  static func open(_ path: String) throws -> (descriptor: Int32, size: Int) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw EngineError(
        errno == ENOENT ? .notFound : .io, "'\(path)' cannot be opened: \(String(cString: strerror(errno))).")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw EngineError(.io, "'\(path)' is not a file.")
    }
    guard status.st_size > 0 else {
      close(descriptor)
      throw EngineError(.format, "'\(path)' is empty.")
    }
    return (descriptor, Int(status.st_size))
  }

  /// Fills a buffer with the bytes that begin at `offset`.
  /// - Throws: `io` when they cannot be read, also because the file became shorter since it was opened.
  public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count, let base = buffer.baseAddress {
      let got = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        let reason = got < 0 ? String(cString: strerror(errno)) : "it became shorter while it was read"
        throw EngineError(.io, "'\(path)' cannot be read at byte \(offset + done): \(reason).")
      }
      done += got
    }
  }

  /// The bytes of a range.
  public func bytes(_ range: Range<Int>) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withUnsafeMutableBytes { try read(at: range.lowerBound, into: $0) }
    return bytes
  }
}
