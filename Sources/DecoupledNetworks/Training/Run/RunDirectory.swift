import DecoupledBase
import Glibc

/// The folder of one training run:
/// ```
/// configuration.json          the settings as they were resolved
/// metrics.jsonl, metrics.csv  a line for each recorded iteration
/// last.safetensors            the model at the last checkpoint
/// best.safetensors            the model with the best evaluation
/// model.safetensors           the finished model; phase 2: with converted statistics
/// training-state.safetensors  what resuming needs, see TrainingState
/// ```
public struct RunDirectory: Sendable, Equatable {
  public let path: String

  public var configuration: String { path + "/configuration.json" }
  public var metricsLines: String { path + "/metrics.jsonl" }
  public var metricsTable: String { path + "/metrics.csv" }
  public var lastModel: String { path + "/last.safetensors" }
  public var bestModel: String { path + "/best.safetensors" }
  public var finalModel: String { path + "/model.safetensors" }
  public var trainingState: String { path + "/training-state.safetensors" }

  /// What is done with a run that is already in the folder.
  public enum Existing: Sendable {
    /// An error.
    case refuse
    /// It is continued; an empty folder begins a new run.
    case resume
    /// It is looked at: nothing is made or changed, and it must be there.
    case read
    /// It is deleted.
    case overwrite
  }

  /// Opens or makes the folder.
  /// - Throws: `state` when it holds a run and `existing` is `refuse`.
  public init(_ path: String, existing: Existing = .refuse) throws {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard !trimmed.isEmpty else { throw EngineError(.invalidArgument, "The run directory needs a name.") }
    self.path = trimmed
    if existing == .read {
      guard FileAccess.isFolder(trimmed) else {
        throw EngineError(.notFound, "There is no run directory '\(trimmed)'.")
      }
      return
    }
    try FileAccess.makeFolder(trimmed)
    let files = [
      configuration, metricsLines, metricsTable, trainingState, finalModel, bestModel, lastModel,
    ].filter(FileAccess.isFile)
    switch existing {
    case .resume:
      // What a run that was killed while it wrote has left behind.
      let own = [configuration, metricsLines, metricsTable, trainingState, finalModel, bestModel, lastModel]
      for name in try FileAccess.names(in: trimmed) where name.hasSuffix(".part") {
        let path = "\(trimmed)/\(name)"
        if own.contains(where: { path.hasPrefix($0 + ".") }) { unlink(path) }
      }
    case .read: break
    case .refuse:
      guard files.isEmpty else {
        throw EngineError(
          .state,
          "'\(trimmed)' already holds a run; resume it (--resume), choose another folder, or overwrite it (--overwrite)."
        )
      }
    case .overwrite:
      for file in files where unlink(file) != 0 && errno != ENOENT {
        throw EngineError(.io, "Cannot delete '\(file)': \(String(cString: strerror(errno))).")
      }
    }
  }

  /// Whether there is a state to go on from.
  public var canResume: Bool { FileAccess.isFile(trainingState) && FileAccess.isFile(lastModel) }

  /// The model of the last checkpoint, which a resumed run starts from.
  /// - Throws: `state` when there is nothing to resume.
  public func modelToResume() throws -> Model {
    guard canResume else {
      throw EngineError(.state, "'\(path)' holds no checkpoint to resume from; start the training anew.")
    }
    return try ModelFile.open(lastModel)
  }

  /// Writes the resolved configuration, JSON text.
  func write(configuration text: String) throws { try FileAccess.write(text: text + "\n", to: configuration) }

  /// Adds a record to both metrics files.
  func append(_ record: TrainingRecord) throws {
    if !FileAccess.isFile(metricsTable) { try append(TrainingRecord.csvHeader, to: metricsTable) }
    try append(try record.json(), to: metricsLines)
    try append(record.csvRow, to: metricsTable)
  }

  /// The records of the run; a line that was cut off by a crash is left out.
  public func records() throws -> [TrainingRecord] {
    guard FileAccess.isFile(metricsLines) else { return [] }
    return try FileAccess.readLines(metricsLines).compactMap { TrainingRecord(json: $0) }
  }

  /// Forgets records after an iteration: those that a killed run measured behind its last checkpoint and will measure again.
  func keepRecords(upTo iteration: Int) throws {
    let kept = try records().filter { $0.iteration <= iteration }
    guard !kept.isEmpty || FileAccess.isFile(metricsLines) else { return }
    try FileAccess.write(text: try kept.map { try $0.json() + "\n" }.joined(), to: metricsLines)
    let rows = [TrainingRecord.csvHeader] + kept.map(\.csvRow)
    try FileAccess.write(text: rows.map { $0 + "\n" }.joined(), to: metricsTable)
  }

  private func append(_ line: String, to file: String) throws {
    func failure() -> EngineError {
      EngineError(.io, "Cannot add to '\(file)': \(String(cString: strerror(errno))).")
    }
    let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure() }
      done += written
    }
  }
}
