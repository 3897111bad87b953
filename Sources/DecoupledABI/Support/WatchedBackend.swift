import DecoupledBase
import DecoupledCore
import DecoupledInstrument

/// An open backend and what watches its calls. The trace is written when this goes.
final class WatchedBackend {
  let backend: Backend
  private let instruments: Instruments?

  init(_ backend: String?, _ settings: InstrumentSettings) throws {
    instruments = settings.isOff ? nil : try Instruments(settings)
    self.backend = try instruments?.open(backend) ?? BackendSearch.open(backend)
  }

  deinit {
    guard let instruments else { return }
    do { try instruments.writeTrace() } catch { Log.write(.error, "\(error)") }
    if let table = instruments.table { Log.write(.info, table) }
    if let verified = instruments.verified { Log.write(.info, verified.text) }
  }
}
