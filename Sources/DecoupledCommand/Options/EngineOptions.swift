import ArgumentParser
import DecoupledBase
import DecoupledCore
import DecoupledInstrument
import Glibc

/// Options of every verb that computes.
struct EngineOptions: ParsableArguments {
  @Option(
    help:
      "Compute backend: a name such as openblas, the path of a plugin, either with a configuration behind a colon (foreign:blis), or auto for the fastest one found."
  )
  var backend = "auto"

  @Option(help: "Threads; 0 takes DECOUPLED_NUM_THREADS, else what this process may use.")
  var threads = 0

  @Flag(help: "Say more about what is going on.")
  var verbose = false

  @Option(
    help: "Write all calls of the backend to this file (Chrome's trace events, for Perfetto) and show a table by layer."
  )
  var trace: String?

  @Flag(help: "Compare with the reference backend while computing, and stop at the first operator that differs.")
  var verify = false

  @Option(help: "With --verify: share of the calls that are compared, 0 to 1, besides the first one of each kernel.")
  var verifyRate = 0.0

  func validate() throws {
    guard (0...256).contains(threads) else {
      throw ValidationError("--threads must lie between 0 and 256, not \(threads).")
    }
    guard (0...1).contains(verifyRate) else {
      throw ValidationError("--verify-rate must lie between 0 and 1, not \(verifyRate).")
    }
    guard verify || verifyRate == 0 else { throw ValidationError("--verify-rate needs --verify.") }
  }

  /// Opens the backend and starts the threads. Ctrl-C then asks the work to stop; a second one ends the program.
  func open() throws -> (backend: Backend, control: RunControl) {
    let least: LogLevel = verbose ? .debug : .warning
    Log.setHandler { level, message in
      if level >= least { Console.note("\(level): \(message)") }
    }
    let control = RunControl(threads: threads)
    Interrupt.cancels(control)
    let backend = try Watching.open(
      self.backend, InstrumentSettings(trace: trace, verifyRate: verify ? verifyRate : nil))
    Log.write(.info, "backend \(backend.info.name) \(backend.info.variant), \(control.pool.lanes) threads")
    return (backend, control)
  }
}

/// Trace and verify of the work that the command does.
enum Watching {
  nonisolated(unsafe) private static var instruments: Instruments?

  static func open(_ backend: String, _ settings: InstrumentSettings) throws -> Backend {
    if settings.isOff { return try BackendSearch.open(backend) }
    let instruments = try Instruments(settings)
    self.instruments = instruments
    return try instruments.open(backend)
  }

  /// Writes the trace and shows what was found, when the work has ended or failed.
  static func finish() throws {
    guard let instruments else { return }
    self.instruments = nil
    if let table = instruments.table { Console.note(table) }
    if let verified = instruments.verified, verified.callCount > 0, verified.firstDifference == nil {
      Console.note(verified.text)
    }
    try instruments.writeTrace()
  }
}

/// What Ctrl-C does while long work runs.
enum Interrupt {
  nonisolated(unsafe) private static var control: RunControl?

  static func cancels(_ target: RunControl) {
    control = target
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interrupt.control?.cancel()
        // A second signal of the kind ends the program at once.
        signal(number, SIG_DFL)
      }
    }
  }
}

/// Lines for people on standard error, so that results on standard output stay clean.
enum Console {
  static func note(_ line: String) { fputs(line + "\n", stderr) }

  /// Overwrites the current line on a terminal; elsewhere nothing.
  static func progress(_ line: String) {
    if isatty(2) == 1 { fputs("\r\u{1B}[K" + line, stderr) }
  }

  /// Ends a line that `progress` began.
  static func endProgress() {
    if isatty(2) == 1 { fputs("\r\u{1B}[K", stderr) }
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(whole % 60)s" }
    return "\(whole / 3600)h\(whole % 3600 / 60)m"
  }

  /// A number with `digits` decimals.
  static func decimal(_ value: Double, _ digits: Int = 3) -> String { NumberText.fixed(value, digits: digits) }
}
