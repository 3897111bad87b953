import DecoupledBase
import DecoupledCore
import DecoupledVision
import FoundationEssentials

/// What a phase can be told: at least the solver and the seed.
public protocol PhaseSettings: SettingGroup {
  var solver: SolverSettings { get set }
  /// Of shuffling, crops, dropout and fillers.
  var seed: UInt64 { get set }
}

extension PhaseSettings {
  /// - Throws: one sentence naming the first setting that cannot work.
  func validate() throws {
    try solver.validate()
    if let problem { throw EngineError(.invalidArgument, "In the settings of \(Self.groupName), \(problem)") }
  }
}

/// A phase of training as a value: its graph, its batches, how it is evaluated, and what is done at its end.
public protocol Phase: Sendable {
  associatedtype Settings: PhaseSettings
  /// By which the command, C and Python choose it.
  var name: String { get }
  /// One line for people.
  var summary: String { get }
  /// Parts whose parameters it draws where the model has none.
  var drawn: Set<NetworkPart> { get }
  /// Parts that must be there.
  var required: Set<NetworkPart> { get }
  /// The loss and its gradients.
  /// - Parameters:
  ///   - batch: images of one pass.
  ///   - dropout: drop out where the phase does.
  ///   - frozen: whether a parameter keeps its value; no gradient is computed for it.
  func graph(
    _ description: NetworkDescription, batch: Int, dropout: Bool, frozen: (String) -> Bool
  ) throws -> TrainingGraph
  /// The batches of a run.
  func batches(_ dataset: Dataset, _ run: PhaseRun<Settings>) throws -> any BatchSource
  /// What is measured on held-out images now and then; nil when the phase has nothing of its own.
  func evaluation(_ validation: Dataset, _ run: PhaseRun<Settings>) throws -> (any PhaseEvaluation)?
  /// What is done behind the last iteration; nil for nothing.
  func ending(_ dataset: Dataset, _ run: PhaseRun<Settings>) throws -> (any PhaseEnding)?
}

/// What the parts of a phase are made for.
public struct PhaseRun<Settings: PhaseSettings> {
  /// The model that is trained.
  public let model: Model
  public let settings: Settings
  /// Decoded photos and masks kept in memory, in bytes.
  public let cacheBytes: Int
  /// Finds windows where the settings ask for proposals.
  public let proposals: (any ProposalSource)?
  public let backend: Backend
  public let execution: Execution
}

/// Measures a model that is being trained.
public protocol PhaseEvaluation {
  func run() throws -> TrainingEvaluation
}

/// Work behind the last iteration.
public protocol PhaseEnding {
  /// What it does, for people: "measuring the final statistics over 101 training batches".
  var summary: String { get }
  /// Steps, of which `progress` is told.
  var steps: Int { get }
  /// - Parameter progress: called after each step with the number done; false cancels.
  /// - Returns: the finished model.
  func finish(_ model: Model, progress: (_ done: Int) -> Bool) throws -> Model
}

extension Phase {
  public var defaults: any PhaseSettings { Settings() }

  /// Settings from JSON; those left out keep their defaults.
  public func settings(json: String) throws -> any PhaseSettings {
    try JSONDecoder().decode(Settings.self, from: Data(json.utf8))
  }

  /// Settings out of a section of a configuration; nil when it is not there.
  public func settings<Key>(
    in values: KeyedDecodingContainer<Key>, forKey key: Key
  ) throws -> (any PhaseSettings)? {
    try values.decodeIfPresent(Settings.self, forKey: key)
  }
}
