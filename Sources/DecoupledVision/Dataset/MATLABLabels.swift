import CMatio

/// Label matrices in MATLAB 5 files, through libmatio.
enum MATLABLabels {
  /// Reads `variable.field`, a matrix of class ids.
  /// - Throws: `VisionError` when the file is missing, damaged, of another version, or has no such matrix, and when libmatio
  ///   is not installed.
  static func read(_ path: String, variable: String, field: String) throws -> LabelMap {
    try checkElements(FileAccess.read(path), path)
    var labels: UnsafeMutablePointer<UInt8>?
    defer { cmatio_free(labels) }
    var (width, height) = (UInt32(0), UInt32(0))
    var message = [CChar](repeating: 0, count: Int(CMATIO_MESSAGE))
    let status = cmatio_read_labels(
      path, variable, field, UInt32(ImageLimits.side), &labels, &width, &height, &message)
    guard status == 0, let labels else {
      let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw VisionError("'\(path)' cannot be read: \(reason).")
    }
    let count = Int(width) * Int(height)
    return try LabelMap(
      width: Int(width), height: Int(height), labels: Array(UnsafeBufferPointer(start: labels, count: count)))
  }

  /// Checks the header and that the elements, each with its size in front, fill the file: libmatio takes a file that was cut
  /// short for a whole one.
  private static func checkElements(_ bytes: [UInt8], _ path: String) throws {
    let header = 128
    let isLittle = bytes.count >= header && bytes[124..<header] == [0, 1, 0x49, 0x4D]
    guard isLittle || (bytes.count >= header && bytes[124..<header] == [1, 0, 0x4D, 0x49]) else {
      throw VisionError("'\(path)' is no MATLAB 5 file; save it in MATLAB with the option -v7 or -v6.")
    }
    var place = header
    while place < bytes.count {
      guard place + 8 <= bytes.count else { break }
      let tag = bytes[(place + 4)..<(place + 8)]
      let size = (isLittle ? Array(tag.reversed()) : Array(tag)).reduce(0) { $0 << 8 | Int($1) }
      place += 8 + size
    }
    guard place == bytes.count, place > header else {
      throw VisionError("'\(path)' is cut short or damaged; replace it.")
    }
  }
}
