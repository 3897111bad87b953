import DecoupledCore
import DecoupledVision

/// Batches of phase 2: windows of strongly annotated photos for every combination of their classes, with binary masks and the classes
/// of the combination as labels (the released SELECT_SEG_BINARY layer).
public final class SegmentationBatches: BatchSource {
  public let batchSize: Int
  private let crop: TrainingCrop
  private let cropping: CombinatorialCropping
  private let fixedWindows: Bool
  private let wholeImageShare: Double
  private let cache: ImageCache
  private let names: [String]
  private let mapping: ClassMapping
  private let seed: UInt64
  private let description: NetworkDescription
  private let order: SampleOrder
  /// The binary tasks of all images, the whole images first.
  private let tasks: [Task]

  private struct Task {
    let item: Int
    /// Class ids of the data set.
    let subset: [UInt8]
  }
  private let wholeImages: Int

  /// - Parameters:
  ///   - dataset: its items with a mask are used; its classes are matched with the model's by name.
  ///   - cacheBytes: decoded photos and masks kept in memory.
  /// - Throws: `invalidArgument` when no mask shows an object, or a mask does not fit its photo or classes.
  public init(
    _ dataset: Dataset, model: Model, cropping settings: CroppingSettings = CroppingSettings(),
    augmentation: AugmentationSettings = AugmentationSettings(), batchSize: Int, seed: UInt64,
    cacheBytes: Int = 512 << 20
  ) throws {
    let items = dataset.strongItems
    guard !items.isEmpty else {
      throw EngineError(.invalidArgument, "No image of the training set has a mask; phase 2 needs some.")
    }
    let mapping = try ClassMapping(dataset.classes, model: model.classNames)
    self.mapping = mapping
    cropping = try settings.cropping()
    crop = try augmentation.crop(model.description)
    cache = ImageCache(items, limit: cacheBytes, masks: true)
    names = items.map(\.id)
    description = model.description
    self.batchSize = batchSize
    self.seed = seed
    fixedWindows = settings.fixedWindows
    wholeImageShare = settings.wholeImageShare ?? 0

    var whole: [Task] = []
    var subsets: [Task] = []
    for item in items.indices {
      guard let mask = try cache.entry(item).mask else { continue }
      let labels = mask.objectLabels()
      if let wrong = labels.first(where: { mapping.place(id: $0) == nil }) {
        throw EngineError(
          .format,
          "The mask '\(items[item].maskPath ?? "")' holds \(wrong), but the data set has \(dataset.classes.count) classes."
        )
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
    wholeImages = whole.count
    tasks = whole + subsets
    order = SampleOrder(count: whole.count + settings.windowsPerSubset * subsets.count, seed: seed)
  }

  /// Nt = Ns + Np * sum(2^|L| - 1): samples of one epoch.
  public var count: Int { order.count }

  public func batch(_ number: Int) throws -> TrainingBatch {
    let tensors = try BatchTensors(
      count: batchSize, classes: description.classes, size: description.inputSize, masks: true)
    for index in 0..<batchSize { try fill(tensors, index, position: number * batchSize + index) }
    return tensors.batch
  }

  private func fill(_ tensors: BatchTensors, _ index: Int, position: Int) throws {
    let sample = order.sample(position)
    let isWhole = sample < wholeImages
    let task = tasks[isWhole ? sample : wholeImages + (sample - wholeImages) / cropping.windowsPerSubset]
    let entry = try cache.entry(task.item)
    guard let mask = entry.mask else { throw EngineError(.internal, "The image '\(names[task.item])' has no mask.") }
    var window = Window(width: entry.image.width, height: entry.image.height)
    if !isWhole {
      var random = CounterRandom(
        seed: seed, stream: RandomStream.window.rawValue, index: UInt64(fixedWindows ? sample : position))
      let showsWhole = wholeImageShare > 0 && random.bool(probability: wholeImageShare)
      let drawn = showsWhole ? [] : cropping.windows(for: task.subset, in: mask, count: 1, random: &random)
      window = drawn.first ?? window
    }
    var random = CounterRandom(seed: seed, stream: RandomStream.crop.rawValue, index: UInt64(position))
    let made = try crop.sample(image: entry.image, mask: mask, window: window, random: &random)
    try tensors.set(image: made.input, at: index)
    if let labels = made.mask {
      try tensors.set(mask: CombinatorialCropping.binaryLabels(labels, subset: task.subset), at: index)
    }
    for id in task.subset {
      if let place = mapping.place(id: id) { try tensors.set(label: place, at: index) }
    }
  }
}
