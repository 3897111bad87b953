import Glibc

/// What a manifest names: a library, its product, functions that are operators, and what to call before.
///
/// Everything that can be wrong without a call is found while this is made.
final class Manifest: @unchecked Sendable {
  private static let largestSize = 1 << 20

  let path: String
  let library: ForeignLibrary
  let product: ForeignProduct?
  let operators: [OperatorEntry]
  /// Called when a backend is opened.
  let setups: [Setup]

  /// Reads a manifest, opens its library and finds its functions; nothing is called.
  /// - Throws: `ManifestError`, without the path.
  init(path: String) throws {
    self.path = path
    let object = try ManifestObject(JSONValue(Self.read(path)), "the manifest")
    try object.requireOnly(["manifest", "about", "libraries", "setup", "product", "operators"])
    guard try object.integer("manifest") == 1 else {
      throw ManifestError("it lacks \"manifest\": 1, the version of its form")
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    // What is wrong with the text is found before a library is opened, whose own code runs then.
    let productEntry = try object.value("product").map { try ProductEntry($0) }
    let operatorEntries = try object.list("operators").map { try OperatorEntry.Text($0) }
    let setupEntries = try object.list("setup").map { try SetupEntry($0) }
    guard productEntry != nil || !operatorEntries.isEmpty else {
      throw ManifestError("it names neither a product nor operators")
    }
    let library = try ForeignLibrary(candidates: object.strings("libraries"), folder: folder)
    self.library = library
    setups = try setupEntries.filter { !$0.isPerThread }.map { try Setup($0, library) }
    let threadSetups = try setupEntries.filter(\.isPerThread).map { try Setup($0, library) }
    operators = try operatorEntries.map { try OperatorEntry($0, library) }
    product = try productEntry.map { try ForeignProduct($0.function(library), success: $0.success, threadSetups) }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ManifestError("it cannot be read: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ManifestError("it is not a file")
    }
    guard status.st_size <= largestSize else { throw ManifestError("it is larger than \(largestSize) bytes") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + done, $0.count - done) }
      guard count > 0 else { throw ManifestError("it cannot be read to its end") }
      done += count
    }
    return bytes
  }
}
