/// What is wrong with a manifest or the library that it names: the end of a sentence that begins with the manifest's path.
struct ManifestError: Error {
  let message: String
  init(_ message: String) { self.message = message }

  /// The whole sentence.
  func of(_ path: String) -> ManifestError { ManifestError("the manifest '\(path)' cannot be used: \(message)") }
}
