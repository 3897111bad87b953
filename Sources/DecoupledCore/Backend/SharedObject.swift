import DecoupledBase
import Glibc

/// Looks at a plugin's file before anything of it is loaded.
enum SharedObject {
  /// - Throws: `EngineError` with status `backend` when the file cannot be a shared object of this machine.
  static func check(_ path: String) throws {
    func refuse(_ sentence: String) -> EngineError { EngineError(.backend, sentence) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      let reason = String(cString: strerror(errno))
      var link = stat()
      if lstat(path, &link) == 0, link.st_mode & S_IFMT == S_IFLNK {
        throw refuse("The backend '\(path)' is a link to a file that does not exist; mend the link.")
      }
      throw refuse("There is no backend file '\(path)' (\(reason)); check the path.")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw refuse("The backend '\(path)' is not a file; give the path of a shared object (.so).")
    }
    guard let header = header(path) else {
      throw refuse("The backend '\(path)' cannot be read (\(String(cString: strerror(errno)))); check its permissions.")
    }
    guard header.count == headerSize, header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw refuse("The backend '\(path)' cannot be loaded: it is not an ELF file.")
    }
    if let own = Self.header("/proc/self/exe"), own.count == headerSize,
      own[4] != header[4] || machine(own) != machine(header)
    {
      throw refuse(
        "The backend '\(path)' cannot be loaded: it was built for \(name(header)), this program for \(name(own)).")
    }
    guard Int(header[16]) | Int(header[17]) << 8 == sharedObjectType else {
      throw refuse(
        "The backend '\(path)' cannot be loaded: it is an ELF file but no shared object; link it with -shared.")
    }
  }

  /// Bytes up to the machine in an ELF header, and the type of a shared object.
  private static let headerSize = 20
  private static let sharedObjectType = 3

  private static func header(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: headerSize)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }

  private static func machine(_ header: [UInt8]) -> Int { Int(header[18]) | Int(header[19]) << 8 }

  private static func name(_ header: [UInt8]) -> String {
    let known = [3: "i386", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "riscv"]
    return known[machine(header)] ?? "machine number \(machine(header))"
  }
}
