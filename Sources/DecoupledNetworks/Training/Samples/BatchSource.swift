/// Gives the batches of a run by number. Batch n is a pure function of the source's settings and n: it does not matter who
/// makes it, when, or what was made before.
public protocol BatchSource: Sendable {
  /// Images of a batch.
  var batchSize: Int { get }
  /// Number `number` of the run, from 0.
  func batch(_ number: Int) throws -> TrainingBatch
}
