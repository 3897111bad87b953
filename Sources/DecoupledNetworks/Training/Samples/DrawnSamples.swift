import DecoupledBase
import DecoupledVision
import Synchronization

/// Combinatorial cropping on the fly: all whole images first, then the windows of all subsets.
final class DrawnSamples: SegmentationSamples {
  private struct Task {
    let item: Int
    let subset: [UInt8]
  }

  private let cropping: CombinatorialCropping
  private let proposer: (any WindowProposer)?
  private let fixedWindows: Bool
  private let wholeImageShare: Double
  private let seed: UInt64
  private let cache: ImageCache
  private let tasks: [Task]
  private let wholeImages: Int
  /// By item; found when the item is first used.
  private let proposals = Mutex<[Int: [Window]]>([:])

  /// - Throws: `invalidArgument` when no mask shows an object, `format` when one holds an id that is no class.
  init(
    _ items: [DatasetItem], classes: ClassList, settings: CroppingSettings, proposer: (any WindowProposer)?,
    cache: ImageCache,
    seed: UInt64
  ) throws {
    let cropping = try settings.cropping()
    var whole: [Task] = []
    var subsets: [Task] = []
    for item in items.indices {
      guard let mask = try cache.entry(item).mask else { continue }
      let labels = mask.objectLabels()
      if let wrong = labels.first(where: { Int($0) > classes.count }) {
        throw EngineError(
          .format,
          "The mask '\(items[item].maskPath ?? "")' holds \(wrong), but the data set has \(classes.count) classes.")
      }
      guard !labels.isEmpty else {
        Log.write(.warning, "The mask of '\(items[item].id)' shows no object; the image is left out of phase 2.")
        continue
      }
      whole.append(Task(item: item, subset: labels))
      let warn = { (sentence: String) in Log.write(.warning, "'\(items[item].id)': \(sentence)") }
      subsets += cropping.subsets(of: labels, warn: warn).map { Task(item: item, subset: $0) }
    }
    guard !whole.isEmpty else {
      throw EngineError(.invalidArgument, "No mask of the training set shows an object; phase 2 needs some.")
    }
    self.cropping = cropping
    self.cache = cache
    self.seed = seed
    self.proposer = proposer
    fixedWindows = settings.fixedWindows
    wholeImageShare = settings.wholeImageShare ?? 0
    wholeImages = whole.count
    tasks = whole + subsets
  }

  /// Nt = Ns + Np * sum(2^|L| - 1).
  var count: Int { wholeImages + cropping.windowsPerSubset * (tasks.count - wholeImages) }

  func sample(_ number: Int, position: Int) throws -> SegmentationSample {
    let isWhole = number < wholeImages
    let task = tasks[isWhole ? number : wholeImages + (number - wholeImages) / cropping.windowsPerSubset]
    var window: Window?
    if !isWhole {
      var random = CounterRandom(
        seed: seed, stream: RandomStream.window.rawValue, index: UInt64(fixedWindows ? number : position))
      let showsWhole = wholeImageShare > 0 && random.bool(probability: wholeImageShare)
      if !showsWhole, let mask = try cache.entry(task.item).mask {
        window = cropping.window(
          for: task.subset, in: mask, proposals: try proposals(of: task.item), random: &random)
      }
    }
    return SegmentationSample(item: task.item, window: window, subset: task.subset)
  }

  private func proposals(of item: Int) throws -> [Window] {
    guard let proposer else { return [] }
    if let known = proposals.withLock({ $0[item] }) { return known }
    let found = try proposer.windows(in: try cache.entry(item).image)
    proposals.withLock { $0[item] = found }
    return found
  }
}
