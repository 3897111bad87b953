import CForeign
import Glibc

/// A shared object that a manifest names. It stays in the process.
struct ForeignLibrary {
  let name: String
  private let handle: UnsafeMutableRawPointer

  /// Opens the first of the candidates that can be opened: names as the dynamic loader looks for them, or paths.
  /// - Parameter folder: what relative paths begin from, the manifest's folder.
  /// - Throws: `ManifestError` with the reason for each.
  init(candidates: [String], folder: String) throws {
    guard !candidates.isEmpty else { throw ManifestError("\"libraries\" names no library") }
    var reasons: [String] = []
    for candidate in candidates {
      let isPath = candidate.contains("/")
      let path = isPath && !candidate.hasPrefix("/") ? folder + "/" + candidate : candidate
      if isPath, let reason = Self.misfit(path) {
        reasons.append("'\(path)' \(reason)")
        continue
      }
      if let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) {
        (name, self.handle) = (candidate, handle)
        return
      }
      reasons.append(dlerror().map { String(cString: $0) } ?? "'\(path)' cannot be opened")
    }
    throw ManifestError("no library can be loaded: \(reasons.joined(separator: "; "))")
  }

  /// The code of a function.
  /// - Throws: `ManifestError` when the library has no such function.
  func function(_ symbol: String) throws -> UnsafeMutableRawPointer {
    guard let address = dlsym(handle, symbol) else {
      throw ManifestError("the library '\(name)' has no function '\(symbol)'")
    }
    guard dcn_foreign_is_function(address) == 1 else {
      throw ManifestError("'\(symbol)' of the library '\(name)' is data, not a function")
    }
    return address
  }

  /// Why a file cannot be a library of this process, from its ELF header alone; nil when it can.
  private static func misfit(_ path: String) -> String? {
    guard let own = header("/proc/self/exe") else { return nil }
    var status = stat()
    guard stat(path, &status) == 0 else { return "cannot be read (\(String(cString: strerror(errno))))" }
    guard status.st_mode & S_IFMT == S_IFREG else { return "is not a file" }
    guard let found = header(path) else { return "cannot be read, or is no shared object" }
    guard found.bits == own.bits, found.machine == own.machine else {
      return "is built for another machine (\(machineName(found.machine)), \(found.bits) bits) than this process "
        + "(\(machineName(own.machine)), \(own.bits) bits)"
    }
    return nil
  }

  /// Word size and machine of an ELF file.
  private static func header(_ path: String) -> (bits: Int, machine: Int)? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 20)
    guard read(descriptor, &bytes, bytes.count) == bytes.count, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      return nil
    }
    let isLittle = bytes[5] == 1
    let machine = isLittle ? Int(bytes[18]) | Int(bytes[19]) << 8 : Int(bytes[19]) | Int(bytes[18]) << 8
    return (bytes[4] == 2 ? 64 : 32, machine)
  }

  /// Names of the commonest machines, from the ELF specification.
  private static func machineName(_ machine: Int) -> String {
    [3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 21: "PowerPC 64", 22: "S/390"][machine]
      ?? "machine \(machine)"
  }
}
