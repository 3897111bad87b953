import CSystem
import DecoupledBase
import Glibc
import Synchronization

/// Finds backends: an explicit path, DECOUPLED_BACKEND_PATH, `decoupled-backends/` beside this library, then
/// `libdecoupled-backend-*.so` beside it. Never the working directory, and no place where everybody may put a file
/// (`TrustedPlace`).
public enum BackendSearch {
  private static let loaded = Mutex<[String: BackendLibrary]>([:])

  /// A backend by name ("openblas"), by the path of its shared object (anything with a slash), or nil for the one with
  /// the highest score here. Some take a configuration behind a colon: "foreign:blis".
  /// - Throws: `EngineError` with status `backend` when a backend that was asked for cannot be used; never a silent
  ///   fallback.
  public static func open(_ wanted: String? = nil) throws -> Backend {
    let (library, configuration) = try find(wanted)
    return try Backend(library, configuration: configuration)
  }

  /// The library of the backend that `open` would open, and its configuration.
  package static func find(_ wanted: String?) throws -> (library: BackendLibrary, configuration: String?) {
    guard let wanted, !wanted.isEmpty, wanted != "auto" else { return (best(available().libraries) ?? .reference, nil) }
    // A colon ends a name, or the path of a shared object; elsewhere it belongs to the path.
    guard let colon = wanted.indices.first(where: { endsBackend(wanted[..<$0]) && wanted[$0] == ":" }) else {
      return (try library(wanted), nil)
    }
    return (try library(String(wanted[..<colon])), String(wanted[wanted.index(after: colon)...]))
  }

  private static func endsBackend(_ text: Substring) -> Bool {
    !text.isEmpty && (!text.contains("/") || text.hasSuffix(".so"))
  }

  private static func library(_ wanted: String) throws -> BackendLibrary {
    if wanted.contains("/") { return try load(wanted) }
    let found = available()
    let named = found.libraries.filter { $0.info.name == wanted }
    if let chosen = best(named) { return chosen }
    if !named.isEmpty {
      throw EngineError(.backend, "The backend '\(wanted)' does not run on this processor; choose another one.")
    }
    // A file whose name says it is the wanted one explains more than "not found".
    if let failure = found.failures.first(where: { $0.path.hasSuffix("libdecoupled-backend-\(wanted).so") }) {
      throw failure.error
    }
    let names = Set(found.libraries.map(\.info.name)).sorted().joined(separator: ", ")
    throw EngineError(
      .backend,
      "There is no backend named '\(wanted)'; found: \(names). Install its plugin, set DECOUPLED_BACKEND_PATH to its folder, or give the path of the .so."
    )
  }

  private static func best(_ libraries: [BackendLibrary]) -> BackendLibrary? {
    libraries.filter { $0.info.score > 0 }.max { $0.info.score < $1.info.score }
  }

  /// A plugin that was found and could not be loaded.
  public struct Failure: Sendable {
    public let path: String
    public let error: EngineError
  }

  /// Every backend that can be found, `reference` first, and the plugins that failed to load or lie where everybody could
  /// have put them.
  public static func available() -> (libraries: [BackendLibrary], failures: [Failure]) {
    var libraries: [BackendLibrary] = [.reference]
    var failures: [Failure] = []
    for path in candidates() {
      do {
        try TrustedPlace.check(path)
        libraries.append(try load(path))
      } catch let error as EngineError {
        failures.append(Failure(path: path, error: error))
        Log.writeOnce(.warning, error.message)
      } catch {
        failures.append(Failure(path: path, error: EngineError(.backend, "\(error)")))
      }
    }
    return (libraries, failures)
  }

  private static func load(_ path: String) throws -> BackendLibrary {
    if let known = loaded.withLock({ $0[path] }) { return known }
    let library = try BackendLibrary(path: path)
    loaded.withLock { $0[path] = library }
    return library
  }

  /// Paths of the plugins that are found, loaded or not.
  package static func candidates() -> [String] {
    var folders: [String] = []
    if let variable = dcn_system_environment("DECOUPLED_BACKEND_PATH") {
      for folder in String(cString: variable).split(separator: ":").map(String.init) {
        if folder.hasPrefix("/") {
          folders.append(folder)
        } else {
          Log.writeOnce(
            .warning,
            "DECOUPLED_BACKEND_PATH names '\(folder)', which depends on the working directory; it is not searched. Give the whole path."
          )
        }
      }
    }
    if let own = ownFolder() { folders += [own + "/decoupled-backends", own] }
    var seen = Set<String>()
    return folders.flatMap(plugins).filter { seen.insert($0).inserted }
  }

  private static func plugins(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix("libdecoupled-backend-"), name.hasSuffix(".so") { names.append(name) }
    }
    return names.sorted().map { folder + "/" + $0 }
  }

  /// Folder of the shared object or program that holds this code.
  private static func ownFolder() -> String? {
    var path = [CChar](repeating: 0, count: 4096)
    guard dcn_system_own_path(&path, UInt(path.count)) > 0, let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    let text = String(cString: real)
    return text.lastIndex(of: "/").map { String(text[..<$0]) }
  }
}
