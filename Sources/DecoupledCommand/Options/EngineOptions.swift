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
