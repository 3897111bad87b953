import DecoupledCore
import DecoupledInstrument
import Glibc

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
