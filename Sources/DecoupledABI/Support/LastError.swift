import Glibc

/// The sentence about the last failure on each thread.
enum LastError {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { free($0) }
    return key
  }()

  private static let empty = StaticText("")

  static func set(_ message: String) {
    free(pthread_getspecific(key))
    pthread_setspecific(key, strdup(message))
  }

  static var text: UnsafePointer<CChar> {
    guard let stored = pthread_getspecific(key) else { return empty.pointer }
    return UnsafePointer(stored.assumingMemoryBound(to: CChar.self))
  }
}
