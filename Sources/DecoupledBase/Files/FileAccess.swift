import Glibc

/// Whole files in and out, with errors that name the file.
public enum FileAccess {
  /// Largest file that is read, in bytes.
  public static let maximumSize = 1 << 30

  /// Reads a regular file.
  /// - Throws: `EngineError` when it is missing, not a regular file, unreadable or larger than `maximumSize`.
  public static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw EngineError(.format, "'\(path)' is not a file.") }
    guard status.st_size <= maximumSize else {
      throw EngineError(.format, "'\(path)' has \(status.st_size) bytes; at most \(maximumSize) are read.")
    }
    let size = Int(status.st_size)
    var reason: EngineError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size, let base = buffer.baseAddress {
        let got = Glibc.read(descriptor, base + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { reason = failure("read", path) }
        if got <= 0 { break }
        count += got
      }
    }
    if let reason { throw reason }
    return bytes
  }

  /// The first bytes of a file, fewer when it is shorter.
  /// - Throws: `EngineError` when it cannot be read.
  public static func start(of path: String, count: Int) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, count) }
    guard got >= 0 else { throw failure("read", path) }
    return Array(bytes.prefix(got))
  }

  /// Reads a part of a regular file; fewer bytes where the file ends.
  /// - Throws: `EngineError` as `read`, but for the size of the file.
  public static func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw EngineError(.format, "'\(path)' is not a file.") }
    var reason: EngineError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count, let base = buffer.baseAddress {
        let got = pread(descriptor, base + done, count - done, off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { reason = failure("read", path) }
        if got <= 0 { break }
        done += got
      }
    }
    if let reason { throw reason }
    return bytes
  }

  /// Reads UTF-8 text and gives its lines without their ends; an empty last line is dropped.
  /// - Throws: `EngineError` as `read`, and when the bytes are no UTF-8 text.
  public static func readLines(_ path: String) throws -> [String] {
    var bytes = try read(path)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw EngineError(.format, "'\(path)' is not UTF-8 text.")
    }
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// True when something other than a folder is at the path.
  public static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
  }

  /// True when a folder is at the path.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted, without those that begin with a dot.
  /// - Throws: `EngineError` when the folder cannot be read.
  public static func names(in folder: String) throws -> [String] {
    guard let directory = opendir(folder) else { throw failure("list", folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
          String(cString: $0)
        }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes a folder and those above it; nothing happens when it is there.
  /// - Throws: `EngineError` when that fails.
  public static func makeFolder(_ path: String) throws {
    if path.isEmpty || isFolder(path) { return }
    try makeFolder(FilePaths.folder(of: path))
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure("make the folder", path) }
    guard isFolder(path) else { throw EngineError(.io, "'\(path)' is in the way: it is not a folder.") }
  }

  /// Checks, before long work whose result is to be written, that a file can be made at the path.
  /// - Throws: `EngineError` when its folder is missing or may not be written to, or a folder is in its place.
  public static func checkTarget(_ path: String) throws {
    guard !isFolder(path) else {
      throw EngineError(.io, "'\(path)' is a folder, so no file can be written there.")
    }
    let folder = FilePaths.folder(of: path)
    let directory = folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
    guard access(directory, W_OK | X_OK) == 0 else { throw failure("write", path) }
    guard isFolder(directory) else { throw EngineError(.io, "'\(directory)' is not a folder.") }
  }

  /// Writes a file so that either the whole content or nothing new is there, also after a crash: the bytes go to a
  /// temporary name beside it, are synced, then renamed. What is not a regular file (a pipe, a device) is written to
  /// directly.
  /// - Throws: `EngineError` when the folder is missing, the disk is full or writing is not allowed; nothing is left
  ///   behind.
  /// - Parameter content: hands the bytes over piece by piece.
  public static func write(to path: String, _ content: (FileSink) throws -> Void) throws {
    // A limit on file sizes sends a signal that would end the process: held back here, it becomes an error like a full
    // disk.
    var limitSignal = sigset_t()
    var before = sigset_t()
    sigemptyset(&limitSignal)
    sigaddset(&limitSignal, SIGXFSZ)
    pthread_sigmask(SIG_BLOCK, &limitSignal, &before)
    defer {
      if sigismember(&before, SIGXFSZ) == 0 {
        var immediately = timespec()
        while sigtimedwait(&limitSignal, nil, &immediately) == SIGXFSZ {}
      }
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    var status = stat()
    if stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG {
      guard status.st_mode & S_IFMT != S_IFDIR else {
        throw EngineError(.io, "'\(path)' is a folder, so no file can be written there.")
      }
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw failure("write", path) }
      defer { close(descriptor) }
      return try content(FileSink(descriptor: descriptor, path: path))
    }
    let target = resolvingLink(path)
    let temporary = "\(target).\(getpid()).\(UInt32.random(in: 0 ... .max)).part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure("write", path) }
    do {
      defer { close(descriptor) }
      try content(FileSink(descriptor: descriptor, path: path))
      guard fsync(descriptor) == 0 else { throw failure("write", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, target) == 0 else {
      let reason = failure("write", path)
      unlink(temporary)
      throw reason
    }
  }

  /// Writes bytes, as `write(to:_:)` does.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { sink in try bytes.withUnsafeBytes(sink.put) }
  }

  /// Writes text in UTF-8, as `write(_:to:)` does.
  public static func write(text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Renaming onto a link would replace the link, not the file it points to.
  private static func resolvingLink(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// What the system says about the call that just failed.
  static func failure(_ action: String, _ path: String) -> EngineError {
    EngineError(.io, "Cannot \(action) '\(path)': \(String(cString: strerror(errno))).")
  }
}
