import Glibc

/// A file's bytes, mapped privately: pages come in when they are read, and writing to them never changes the file.
public final class MappedFile: @unchecked Sendable {
  public let base: UnsafeMutableRawPointer
  public let byteCount: Int

  /// - Throws: `EngineError` with status `notFound` or `io`, or `format` when the file is empty, naming the file.
  public init(path: String) throws {
    let (descriptor, size) = try RandomAccessFile.open(path)
    defer { close(descriptor) }
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0),
      base != MAP_FAILED
    else { throw EngineError(.io, "'\(path)' cannot be mapped: \(String(cString: strerror(errno))).") }
    self.base = base
    byteCount = size
  }

  deinit { munmap(base, byteCount) }
}
