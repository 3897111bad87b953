import DecoupledBase
import DecoupledCore

/// A kind of network with its phases of training and its inference procedure. DecoupledNet is one; what it is compared with are
/// others. A model's description names its family.
public protocol Family: Sendable {
  /// The name by which descriptions choose it.
  var tag: String { get }
  /// The phases in the order in which they are trained.
  var phases: [any Phase] { get }
  /// What predictions can hold besides scores and label map.
  var gives: Set<PredictionPart> { get }
  /// - Throws: one sentence naming the first setting of the description that cannot work.
  func validate(_ description: NetworkDescription) throws
  /// The whole network as it predicts, with the names that its values have in inspectors and exported files.
  /// - Parameters:
  ///   - images: images of a batch.
  ///   - rows: label passes of a batch, where the family has them.
  func predictionGraph(_ description: NetworkDescription, images: Int, rows: Int) throws -> Graph
  /// Prepares prediction.
  /// - Parameter execution: what the procedure runs on.
  func procedure(
    _ model: Model, settings: PredictionSettings, backend: Backend, execution: Execution
  ) throws -> any InferenceProcedure
}

/// What a prediction can hold besides scores and label map.
public enum PredictionPart: String, Sendable {
  /// A map of probabilities for each identified class.
  case foregroundMaps = "foreground maps"
  /// The class-specific activation maps of the bridging layers.
  case activationMaps = "activation maps"
}

extension Family {
  /// - Throws: `invalidArgument` with the phases there are.
  public func phase(_ name: String) throws -> any Phase {
    if let found = phases.first(where: { $0.name == name }) { return found }
    throw EngineError(
      .invalidArgument,
      "The family '\(tag)' has no phase '\(name)'; its phases are \(phases.map(\.name).joined(separator: ", ")).")
  }

  /// Names of the graphs that can be looked into: the one that predicts, and the loss of each phase.
  public var forms: [String] { ["prediction"] + phases.map { "\($0.name)_loss" } }

  /// The graph of one of the `forms`. Losses are without dropout.
  public func graph(
    form: String, _ description: NetworkDescription, images: Int, rows: Int
  ) throws -> Graph {
    if form == forms[0] { return try predictionGraph(description, images: images, rows: rows) }
    guard let index = forms.firstIndex(of: form) else {
      throw EngineError(
        .invalidArgument,
        "The family '\(tag)' has no form '\(form)'; its forms are \(forms.joined(separator: ", ")).")
    }
    return try phases[index - 1].graph(description, batch: images, dropout: false, frozen: { _ in false }).graph
  }
}

/// The families there are.
public enum Families {
  public static let all: [any Family] = [DecoupledNet(), FCN()]

  /// The family of a network.
  /// - Throws: when there is none of that name.
  public static func of(_ description: NetworkDescription) throws -> any Family {
    if let found = all.first(where: { $0.tag == description.family }) { return found }
    throw EngineError.noSuch(part: "family", description.family, of: all.map { $0.tag }, description)
  }
}
