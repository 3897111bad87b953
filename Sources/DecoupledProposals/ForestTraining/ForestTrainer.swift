import DecoupledBase
import DecoupledVision

/// Trains a structured forest on photos with masks, tree by tree.
///
/// Trees do not know of each other and draw their numbers from (seed, tree), so a training may stop after any tree and go on
/// later, and threads change nothing.
public struct ForestTrainer: Sendable {
  /// Runs a body for each number below a count, on any threads, and returns when all are done.
  public typealias ParallelLoop = @Sendable (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

  /// What a training tells while it works.
  public enum Stage: String, Sendable {
    /// Features of the photos' patches are computed; counted in photos.
    case sampling
    /// The tree grows; counted in samples that reached a leaf.
    case growing
  }

  static let featureStream: UInt64 = 0x1000
  static let patchStream: UInt64 = 0x2000
  static let nodeStream: UInt64 = 0x3000

  public let settings: ForestTrainingSettings
  private let items: [DatasetItem]
  private let forEach: ParallelLoop

  /// - Parameters:
  ///   - items: photos with masks; ids of classes or of objects both do.
  ///   - forEach: on one thread when left out.
  /// - Throws: `EngineError` when a setting is out of its range or no item has a mask.
  public init(
    _ items: [DatasetItem], _ settings: ForestTrainingSettings = ForestTrainingSettings(),
    forEach: @escaping ParallelLoop = { count, body in (0..<count).forEach(body) }
  ) throws {
    try settings.check()
    self.settings = settings
    self.items = items.filter { $0.maskPath != nil }
    self.forEach = forEach
    guard !self.items.isEmpty else {
      throw EngineError(
        .format, "Edges are learned from masks, but none of the \(items.count) images has one that may be used.")
    }
  }

  /// Trains one tree.
  /// - Parameter progress: may be called on any thread; false cancels.
  /// - Returns: nil when it was cancelled.
  /// - Throws: `EngineError` when a photo or mask cannot be read, or the photos have no patch with a border.
  public func tree(
    _ number: Int, progress: @escaping @Sendable (Stage, _ done: Int, _ total: Int) -> Bool = { _, _, _ in true }
  ) throws -> StructuredForest.Tree? {
    let items = items
    do {
      let samples = try TreeSamples(settings, items: items.count, tree: number, forEach: forEach) { index in
        guard progress(.sampling, index, items.count) else { throw Cancelled() }
        let (image, mask) = try items[index].read()
        return (image, mask ?? LabelMap(width: image.width, height: image.height))
      }
      guard samples.count > settings.minChild else {
        throw EngineError(
          .format,
          "The \(items.count) masks give only \(samples.count) patches of \(settings.forest.patchSize) pixels; "
            + "use larger or more photos.")
      }
      return TreeGrower(samples, settings, number: number, forEach: forEach).grow { progress(.growing, $0, $1) }
    } catch is Cancelled { return nil }
  }

  private struct Cancelled: Error {}

  /// Trains all trees.
  /// - Returns: nil when it was cancelled.
  /// - Throws: as `tree`.
  public func forest() throws -> StructuredForest? {
    var trees: [StructuredForest.Tree] = []
    for number in 0..<settings.trees {
      guard let tree = try tree(number) else { return nil }
      trees.append(tree)
    }
    return try StructuredForest(settings: settings.forest, trees: trees)
  }
}
