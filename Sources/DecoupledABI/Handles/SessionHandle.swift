import DecoupledCore
import DecoupledNetworks

final class SessionHandle: HandleObject, @unchecked Sendable {
  static let noun = "session"
  let model: ModelHandle
  let predictor: Predictor
  let backend: BackendText
  private let caller = OneCaller()
  private let watched: WatchedBackend

  init(_ model: ModelHandle, _ options: EngineChoice, _ settings: PredictionSettings) throws {
    self.model = model
    watched = try options.openWatched()
    let backend = watched.backend
    self.backend = BackendText(backend.info)
    predictor = try model.reading {
      try Predictor(model.model, backend: backend, control: RunControl(threads: options.threads), settings: settings)
    }
  }

  /// Runs a call that uses the predictor.
  func use<Result>(_ body: (Predictor) throws -> Result) throws -> Result {
    try caller.use(Self.noun) {
      predictor.control.reset()
      return try model.reading { try body(predictor) }
    }
  }
}
