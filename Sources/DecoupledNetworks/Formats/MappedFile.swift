import DecoupledCore
import Glibc

/// A file's bytes, mapped privately: pages come in when they are read, and writing to them never changes the file.
enum MappedFile {
  /// - Throws: `EngineError` with status `notFound` or `io`, naming the file.
  static func open(_ path: String) throws -> TensorStorage {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw EngineError(
        errno == ENOENT ? .notFound : .io, "'\(path)' cannot be opened: \(String(cString: strerror(errno))).")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw EngineError(.io, "'\(path)' is not a file.")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw EngineError(.format, "'\(path)' is empty.") }
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0),
      base != MAP_FAILED
    else { throw EngineError(.io, "'\(path)' cannot be mapped: \(String(cString: strerror(errno))).") }
    return TensorStorage(base: base, byteCount: size, mapsFile: true) { munmap(base, size) }
  }
}
