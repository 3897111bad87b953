import Glibc

/// Takes the bytes of a file that is being written.
public struct FileSink {
  let descriptor: Int32
  let path: String

  /// Appends bytes.
  /// - Throws: `EngineError` when the disk is full or the write fails.
  public func put(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let written = Glibc.write(descriptor, base + done, bytes.count - done)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw FileAccess.failure("write", path) }
      done += written
    }
  }
}
