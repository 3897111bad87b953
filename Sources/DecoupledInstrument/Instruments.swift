import CDecoupled
import DecoupledBase
import DecoupledCore

/// What is to be watched.
public struct InstrumentSettings: Sendable {
  /// File for a trace of all calls of the backend, nil for none.
  public var trace: String?
  /// Share of the calls, 0...1, that are compared with `reference`, besides the first call of each kernel; nil for none.
  public var verifyRate: Double?

  public init(trace: String? = nil, verifyRate: Double? = nil) {
    self.trace = trace
    self.verifyRate = verifyRate
  }

  public var isOff: Bool { trace == nil && verifyRate == nil }
}

/// Trace and verify, around any backend: every function of its table is called through a closure that notes the call, or
/// runs `reference` beside it.
public final class Instruments: @unchecked Sendable {
  private let settings: InstrumentSettings
  private let trace: CallTrace?
  private let verifier: Verifier?

  /// - Throws: when the trace's file cannot be written, or the rate lies outside of 0...1.
  public init(_ settings: InstrumentSettings) throws {
    self.settings = settings
    if let rate = settings.verifyRate, !(0...1).contains(rate) {
      throw EngineError(.invalidArgument, "The share of calls to verify must lie between 0 and 1, not \(rate).")
    }
    trace = settings.trace == nil ? nil : CallTrace()
    verifier = settings.verifyRate.map { Verifier(rate: $0) }
    // A file that cannot be written is found out before the work, not after it.
    if let path = settings.trace { try trace?.write(to: path) }
  }

  /// Opens a backend as `BackendSearch.open` does, watched.
  public func open(_ wanted: String?) throws -> Backend {
    let (library, configuration) = try BackendSearch.find(wanted)
    guard verifier == nil || library.info.name != "reference" else {
      throw EngineError(
        .invalidArgument, "Verifying compares a backend with 'reference'; name another one than 'reference' itself.")
    }
    return try Backend(
      watched(library, isVerified: true, calledAs: wanted), configuration: configuration,
      fallback: watched(.reference, isVerified: false, calledAs: nil))
  }

  private func watched(_ library: BackendLibrary, isVerified: Bool, calledAs wanted: String?) throws -> BackendLibrary {
    let name = library.info.name
    let given = wanted.flatMap { $0.isEmpty || $0 == "auto" ? nil : $0 }
    let watcher = Watcher(
      backend: name, given: given ?? name, trace: trace, verifier: isVerified ? verifier : nil)
    let closures = try TableClosures(around: library.table, watcher)
    return BackendLibrary(library, calledThrough: UnsafePointer(closures.table), owner: closures)
  }

  /// Writes the trace as it is now. Throws: `EngineError` when the file cannot be written.
  public func writeTrace() throws {
    if let path = settings.trace { try trace?.write(to: path) }
  }

  /// Time by layer, nil without a trace.
  public var table: String? { trace?.table }

  /// What verifying found, nil when nothing is verified.
  public var verified: VerifySummary? { verifier?.summary }
}

/// Watches the calls of one backend.
private final class Watcher: CallWatcher {
  private let backend: String
  /// How the user named it.
  private let given: String
  private let trace: CallTrace?
  private let verifier: Verifier?

  init(backend: String, given: String, trace: CallTrace?, verifier: Verifier?) {
    self.backend = backend
    self.given = given
    self.trace = trace
    self.verifier = verifier
  }

  func watch(_ call: TableCall) {
    let span = verifier?.perform(call, backend: given) ?? call.perform()
    trace?.record(call, span, backend: backend)
  }
}
