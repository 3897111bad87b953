/// What is wrong with a manifest or the library that it names: the end of a sentence that begins with the manifest's path.
struct ManifestError: Error {
  let message: String

  /// - Parameter message: words of the manifest in it may hold anything; it stays one line.
  init(_ message: String) {
    self.message = String(message.map { $0.isNewline || ($0.asciiValue ?? 0x20) < 0x20 ? " " : $0 })
  }

  /// The whole sentence.
  func of(_ path: String) -> ManifestError { ManifestError("the manifest '\(path)' cannot be used: \(message)") }
}
