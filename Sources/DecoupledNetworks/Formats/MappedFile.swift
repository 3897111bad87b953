import DecoupledCore
import Glibc

/// A file's bytes, mapped privately: pages come in when they are read, and writing to them never changes the file.
enum MappedFile {
  /// - Throws: `EngineError` with status `notFound` or `io`, naming the file.
  static func open(_ path: String) throws -> TensorStorage {
    let (descriptor, size) = try RandomAccessFile.open(path)
    defer { close(descriptor) }
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0),
      base != MAP_FAILED
    else { throw EngineError(.io, "'\(path)' cannot be mapped: \(String(cString: strerror(errno))).") }
    return TensorStorage(base: base, byteCount: size, mapsFile: true) { munmap(base, size) }
  }
}
