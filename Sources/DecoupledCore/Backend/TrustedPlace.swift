import DecoupledBase
import Glibc

/// Whether a plugin that was found by searching lies where only its owner and their group can put files: loading it runs it.
enum TrustedPlace {
  /// - Throws: `EngineError` with status `backend`, when the file, its folder or one above can be written by everybody. A
  ///   folder above may be, if its sticky bit keeps people from renaming what belongs to others (as /tmp).
  static func check(_ path: String) throws {
    guard let real = realpath(path, nil) else { return }  // a dangling link: loading says what is wrong
    defer { free(real) }
    var place = String(cString: real)
    var depth = 0
    while true {
      var status = stat()
      guard stat(place, &status) == 0 else { return }
      let isOpen = status.st_mode & S_IWOTH != 0
      if isOpen, depth < 2 || status.st_mode & S_ISVTX == 0 {
        throw EngineError(
          .backend,
          "The backend '\(path)' was found but not loaded: everybody may write to '\(place)'. Take that right away (chmod o-w), or name the file by its path if you trust it."
        )
      }
      guard place != "/", let slash = place.lastIndex(of: "/") else { return }
      place = slash == place.startIndex ? "/" : String(place[..<slash])
      depth += 1
    }
  }
}
