/// Writes files of a folder as a tar archive (POSIX ustar), with fixed owners and times: the same files give the same bytes.
public enum TarWriter {
  /// - Parameters:
  ///   - names: paths of the files inside the folder, which are their names in the archive too.
  /// - Throws: `EngineError` when a file cannot be read, a name is too long, or the archive cannot be written; none is left
  ///   then.
  public static func write(_ names: [String], in folder: String, to path: String) throws {
    try FileAccess.write(to: path) { sink in
      for name in names {
        let content = try FileAccess.read(FilePaths.join(folder, name))
        try put(header(name, size: content.count), sink)
        try put(content, sink)
        try put([UInt8](repeating: 0, count: (block - content.count % block) % block), sink)
      }
      // Two empty blocks end an archive.
      try put([UInt8](repeating: 0, count: 2 * block), sink)
    }
  }

  private static let block = 512

  private static func put(_ bytes: [UInt8], _ sink: FileSink) throws { try bytes.withUnsafeBytes(sink.put) }

  private static func header(_ name: String, size: Int) throws -> [UInt8] {
    var header = [UInt8](repeating: 0, count: block)
    func set(_ text: String, at offset: Int) {
      for (i, byte) in text.utf8.enumerated() { header[offset + i] = byte }
    }
    func octal(_ value: Int, digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    guard name.utf8.count <= 100 else { throw EngineError(.format, "'\(name)' is too long a name for a tar archive.") }
    set(name, at: 0)
    set(octal(0o644, digits: 7), at: 100)
    set(octal(0, digits: 7), at: 108)
    set(octal(0, digits: 7), at: 116)
    set(octal(size, digits: 11), at: 124)
    set(octal(0, digits: 11), at: 136)
    set("        0", at: 148)
    set("ustar\u{0}00", at: 257)
    // The sum of the header's bytes, its own place counted as blanks.
    set(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
    return header
  }
}
