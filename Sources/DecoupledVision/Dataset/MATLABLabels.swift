import CMatio

/// Label matrices in MATLAB 5 files, through libmatio.
enum MATLABLabels {
  /// Reads `variable.field`, a matrix of class ids.
  /// - Throws: `VisionError` when the file is missing, damaged, of another version, or has no such matrix, and when libmatio
  ///   is not installed.
  static func read(_ path: String, variable: String, field: String) throws -> LabelMap {
    // The file is opened a second time by its name in libmatio; this reads its header with our own errors and limits.
    let header = try FileAccess.read(path, offset: 0, count: 128)
    guard header.count == 128, header[124...] == [0, 1, 0x49, 0x4D] || header[124...] == [1, 0, 0x4D, 0x49] else {
      throw VisionError("'\(path)' is no MATLAB 5 file; save it in MATLAB with the option -v7 or -v6.")
    }
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
}
