import CDecoupled
import DecoupledBase
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
func guarded(_ body: () throws -> Void) -> Int32 {
  do {
    try body()
    return Int32(DCN_STATUS_OK)
  } catch {
    let problem = described(error)
    LastError.set(problem.message)
    return problem.status.rawValue
  }
}

/// As `guarded`, for functions that return what they read.
func reading<Result>(or absent: Result, _ body: () throws -> Result) -> Result {
  do { return try body() } catch {
    LastError.set(described(error).message)
    return absent
  }
}

/// Reads what lies in the caller's memory: what would be a wrong format of a file is a wrong argument there.
func fromCaller<Result>(_ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as EngineError where error.status == .format {
    throw EngineError(.invalidArgument, error.message)
  }
}

private func described(_ error: any Error) -> EngineError {
  switch error {
  case let error as EngineError: error
  case let error as DecodingError: EngineError(.format, "The JSON cannot be used: \(JSONProblem.sentence(error))")
  default: EngineError(.internal, "\(error)")
  }
}
