import CSystem
import Glibc

/// Where manifests are: what the user names, and nothing else. `DECOUPLED_FOREIGN_MANIFEST` counts when the backend's name
/// has no configuration behind it; a name without a slash is looked up in `foreign-manifests/` beside the plugin.
enum ManifestSearch {
  private static let folderName = "foreign-manifests"

  /// - Parameter configuration: what stood behind the backend's name, nil for nothing.
  /// - Throws: `ManifestError`: a whole sentence.
  static func open(_ configuration: String?) throws -> Manifest {
    let path = try path(configuration)
    do { return try Manifest(path: path) } catch let error as ManifestError { throw error.of(path) }
  }

  private static func path(_ configuration: String?) throws -> String {
    let wanted = configuration ?? variable
    guard let wanted, !wanted.isEmpty else {
      throw ManifestError(
        "foreign needs a manifest: name one as foreign:NAME or foreign:PATH, or set DECOUPLED_FOREIGN_MANIFEST; installed are \(installed)"
      )
    }
    if wanted.contains("/") { return wanted }
    guard let folder else { throw ManifestError("the folder of the plugin is not known; name the manifest's path") }
    let path = "\(folder)/\(wanted).json"
    guard access(path, F_OK) == 0 else {
      throw ManifestError(
        "there is no manifest '\(wanted)'; installed are \(installed), others are named by a path with a '/'")
    }
    return path
  }

  private static var variable: String? {
    dcn_system_environment("DECOUPLED_FOREIGN_MANIFEST").map { String(cString: $0) }
  }

  private static let folder: String? = {
    var path = [CChar](repeating: 0, count: 4096)
    guard dcn_system_own_path(&path, UInt(path.count)) > 0, let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    let text = String(cString: real)
    return text.lastIndex(of: "/").map { text[..<$0] + "/" + folderName }
  }()

  private static var installed: String {
    guard let folder, let directory = opendir(folder) else { return "none" }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".json") { names.append(String(name.dropLast(5))) }
    }
    return names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
  }
}
