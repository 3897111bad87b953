import DecoupledBase
import DecoupledCore
import DecoupledVision
import Glibc
import Synchronization

/// Trains a structured forest on several threads, and keeps each finished tree so that a stopped training can go on.
public struct ForestTraining: Sendable {
  /// How far a training has come.
  public struct Progress: Sendable {
    /// From 0.
    public let tree: Int
    public let trees: Int
    public let stage: ForestTrainer.Stage
    /// Photos or samples, of `total`.
    public let done: Int
    public let total: Int
  }

  /// What is done with the finished trees of an earlier training that was stopped.
  public enum ExistingRun: Sendable {
    case refuse, resume, overwrite
  }

  /// Says what a training is, so that it goes on only with the same photos and settings.
  private struct Identity: Codable {
    let settings: ForestTrainingSettings
    let items: String
  }

  public let settings: ForestTrainingSettings
  private let items: [DatasetItem]
  private let output: String
  private let control: RunControl

  /// - Parameters:
  ///   - items: photos, of which those with masks are used.
  ///   - output: the forest's file, safetensors or OpenCV's YAML by its name; finished trees are kept beside it until all are
  ///     there.
  public init(
    _ items: [DatasetItem], _ settings: ForestTrainingSettings, output: String, control: RunControl
  ) {
    self.items = items.filter { $0.maskPath != nil }
    self.settings = settings
    self.output = output
    self.control = control
  }

  /// Where finished trees are kept.
  public var partialFile: String { output + ".trees" }

  /// Trains the trees that are not there yet and writes the forest.
  /// - Parameter progress: may be called on any thread, one call at a time.
  /// - Returns: how many trees are finished when it was cancelled through `control`; nil when the forest is written.
  /// - Throws: `EngineError` for settings, photos, masks, files, and trees of another training.
  public func run(
    existing: ExistingRun = .refuse, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws -> Int? {
    try FileAccess.checkTarget(output)
    let pool = control.pool
    let trainer = try ForestTrainer(items, settings) { count, body in
      pool.forEach(count) { index, _ in body(index) }
    }
    // The system would end the process while the samples are written.
    let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    guard Double(settings.memory) <= memory else {
      throw EngineError(
        .outOfMemory,
        "A tree from \(settings.samples) samples takes \(settings.memory / 1_000_000_000) GB, the machine has "
          + "\(Int(memory / 1e9)); take fewer.")
    }
    let paths = items.map { "\($0.imagePath) \($0.maskPath ?? "")" }.joined(separator: "\n")
    let identity = try JSONText.of(Identity(settings: settings, items: "\(CounterRandom.hash(paths))"))
    var contents = ForestFile.Contents(settings: settings.forest, training: identity, trees: [])
    if FileAccess.isFile(partialFile) {
      switch existing {
      case .refuse:
        throw EngineError(
          .state, "'\(partialFile)' holds the trees of a training that was stopped; resume or overwrite it.")
      case .overwrite: break
      case .resume:
        contents = try ForestFile.contents(of: partialFile)
        guard contents.training == identity, contents.trees.count <= settings.trees else {
          throw EngineError(
            .state, "'\(partialFile)' holds trees of other photos or settings; choose another output, or overwrite it.")
        }
      }
    }
    let lock = ProgressLock()
    let (control, count) = (control, settings.trees)
    for number in contents.trees.count..<settings.trees {
      let tree = try trainer.tree(number) { stage, done, total in
        lock.run { progress(Progress(tree: number, trees: count, stage: stage, done: done, total: total)) }
        return !control.isCancelled
      }
      guard let tree else { return contents.trees.count }
      contents.trees.append(tree)
      // Nothing is to be resumed after the last one, unless the forest cannot be written.
      try ForestFile.write(contents, to: partialFile)
    }
    try ForestFile.write(try StructuredForest(settings: settings.forest, trees: contents.trees), to: output)
    unlink(partialFile)
    return nil
  }
}

/// Lets progress be told by one thread at a time.
private final class ProgressLock: Sendable {
  private let mutex = Mutex<Void>(())
  func run(_ body: () -> Void) { mutex.withLock { _ in body() } }
}
