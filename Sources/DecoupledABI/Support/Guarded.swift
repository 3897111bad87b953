import CDecoupled
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
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

/// A string of the program as a C string that lives as long as the process.
struct StaticText {
  private let text: StaticString
  init(_ text: StaticString) { self.text = text }
  var pointer: UnsafePointer<CChar> { UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self) }
}

/// Runs the body of a function of the header: what it throws becomes a status and the thread's last error.
/// - Parameter vision: the status of errors about the contents of images and data sets.
func guarded(vision: Status = .format, _ body: () throws -> Void) -> Int32 {
  do {
    try body()
    return Int32(DCN_STATUS_OK)
  } catch {
    let (status, message) = described(error, vision)
    LastError.set(message)
    return status.rawValue
  }
}

/// As `guarded`, for functions that return what they read.
func reading<Result>(or absent: Result, _ body: () throws -> Result) -> Result {
  do { return try body() } catch {
    LastError.set(described(error, .format).message)
    return absent
  }
}

private func described(_ error: any Error, _ vision: Status) -> (status: Status, message: String) {
  switch error {
  case let error as EngineError: (error.status, error.message)
  case let error as VisionError: (error.isFileSystem ? .io : vision, error.message)
  case let error as DecodingError: (.format, "The JSON cannot be used: \(JSONProblem.sentence(error))")
  default: (.internal, "\(error)")
  }
}
