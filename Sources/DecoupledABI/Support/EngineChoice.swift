import DecoupledBase
import DecoupledCore
import DecoupledInstrument

/// Backend and threads as the options of the header name them.
struct EngineChoice {
  let backend: String?
  let threads: Int
  var instruments = InstrumentSettings()

  init(_ backend: UnsafePointer<CChar>?, _ threads: Int32) throws {
    self.backend = try optionalText(backend, "backend")
    guard (0...256).contains(threads) else {
      throw EngineError(.invalidArgument, "The number of threads must lie between 0 and 256, not \(threads).")
    }
    self.threads = Int(threads)
  }

  func open() throws -> Backend { try BackendSearch.open(backend) }

  /// Opens the backend with the instruments that were asked for.
  func openWatched() throws -> WatchedBackend { try WatchedBackend(backend, instruments) }
}
