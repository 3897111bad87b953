import CDecoupled
import DecoupledBase

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
