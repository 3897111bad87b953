import DecoupledBase
import DecoupledCore
import FoundationEssentials

/// Training states as safetensors files.
public enum TrainingStateFile {
  /// Written into every file; files of a newer version are refused.
  public static let version = 1
  static let key = "decoupled_training"

  private struct Card: Codable {
    var format_version: Int
    var phase: String
    var iteration: Int
    var seed: UInt64
    var smoothed_loss: Double
    var best: Double?
    var backend: String
    var backend_variant: String
    var settings: String
  }

  /// Writes a state; either the whole file is there afterwards or what was there before.
  public static func write(_ state: TrainingState, to path: String) throws {
    let card = Card(
      format_version: version, phase: state.phase, iteration: state.iteration, seed: state.seed,
      smoothed_loss: state.smoothedLoss, best: state.best, backend: state.backend,
      backend_variant: state.backendVariant, settings: state.settings)
    let text = try JSONText.of(card)
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in state.weights { tensors["weights." + name] = tensor }
    for (name, tensor) in state.momentum { tensors["momentum." + name] = tensor }
    try SafetensorsWriter.write(tensors, metadata: [key: text], to: path)
  }

  /// Maps a state.
  /// - Throws: `notFound`, `io`, or `format` when the file is no whole training state.
  public static func open(_ path: String) throws -> TrainingState {
    let file = try SafetensorsReader(path: path)
    guard let text = file.metadata[key] else {
      throw EngineError(.format, "'\(path)' is not a training state; give the run directory of a training.")
    }
    let card: Card
    do { card = try JSONDecoder().decode(Card.self, from: Data(text.utf8)) } catch {
      throw EngineError(.format, "The training state '\(path)' is damaged: \(JSONProblem.sentence(error))")
    }
    guard card.format_version <= version else {
      throw EngineError(
        .unsupported,
        "'\(path)' is a training state of format \(card.format_version), this program reads up to \(version); update it."
      )
    }
    guard card.iteration >= 0 else {
      throw EngineError(.format, "The training state '\(path)' is damaged: its iteration is \(card.iteration).")
    }
    var state = TrainingState(
      phase: card.phase, iteration: card.iteration, seed: card.seed, smoothedLoss: card.smoothed_loss, best: card.best,
      backend: card.backend, backendVariant: card.backend_variant, settings: card.settings)
    for (name, tensor) in file.tensors {
      if name.hasPrefix("weights.") {
        state.weights[String(name.dropFirst("weights.".count))] = tensor
      } else if name.hasPrefix("momentum.") {
        state.momentum[String(name.dropFirst("momentum.".count))] = tensor
      }
    }
    return state
  }
}
