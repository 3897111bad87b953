import DecoupledBase
import DecoupledVision

/// Batches of phase 2: windows of strongly annotated photos for every combination of their classes, with binary masks and the classes
/// of the combination as labels (the released SELECT_SEG_BINARY layer). A data set read from an official list gives the windows of
/// its lines, any other those of combinatorial cropping.
public final class SegmentationBatches: BatchSource {
  public let batchSize: Int
  private let crop: TrainingCrop
  private let cache: ImageCache
  private let names: [String]
  private let mapping: ClassMapping
  private let seed: UInt64
  private let description: NetworkDescription
  private let order: SampleOrder
  private let samples: any SegmentationSamples

  /// - Parameters:
  ///   - dataset: its items with a mask are used; its classes are matched with the model's by name.
  ///   - proposals: finds windows where the settings ask for proposals.
  ///   - cacheBytes: decoded photos and masks kept in memory.
  /// - Throws: `invalidArgument` when no mask shows an object, or a mask does not fit its photo or classes.
  public init(
    _ dataset: Dataset, model: Model, cropping settings: CroppingSettings = CroppingSettings(),
    augmentation: AugmentationSettings = AugmentationSettings(), batchSize: Int, seed: UInt64,
    proposals: (any ProposalSource)? = nil, cacheBytes: Int = 512 << 20
  ) throws {
    // The lines of a list name items by their place among all.
    let items = dataset.crops == nil ? dataset.strongItems : dataset.items
    guard !items.isEmpty else {
      throw EngineError(.invalidArgument, "No image of the training set has a mask; phase 2 needs some.")
    }
    mapping = try ClassMapping(dataset.classes, model: model.classNames)
    crop = try augmentation.crop(model.description)
    cache = ImageCache(items, limit: cacheBytes, masks: true)
    names = items.map(\.id)
    description = model.description
    self.batchSize = batchSize
    self.seed = seed
    samples =
      try dataset.crops.map { try ListedSamples($0) }
      ?? DrawnSamples(
        items, classes: dataset.classes, settings: settings, proposer: settings.proposals?.proposer(from: proposals),
        cache: cache, seed: seed)
    order = SampleOrder(count: samples.count, seed: seed)
  }

  /// Samples of one epoch.
  public var count: Int { order.count }

  public func batch(_ number: Int) throws -> TrainingBatch {
    let tensors = try BatchTensors(
      count: batchSize, classes: description.classes, size: description.inputSize, masks: true)
    for index in 0..<batchSize { try fill(tensors, index, position: number * batchSize + index) }
    return tensors.batch
  }

  private func fill(_ tensors: BatchTensors, _ index: Int, position: Int) throws {
    let sample = try samples.sample(order.sample(position), position: position)
    let entry = try cache.entry(sample.item)
    guard let mask = entry.mask else { throw EngineError(.internal, "The image '\(names[sample.item])' has no mask.") }
    let window = sample.window ?? Window(width: entry.image.width, height: entry.image.height)
    var random = CounterRandom(seed: seed, stream: RandomStream.crop.rawValue, index: UInt64(position))
    let made = try crop.sample(image: entry.image, mask: mask, window: window, random: &random)
    try tensors.set(image: made.input, at: index)
    if let labels = made.mask {
      try tensors.set(mask: CombinatorialCropping.binaryLabels(labels, subset: sample.subset), at: index)
    }
    for id in sample.subset {
      if let place = mapping.place(id: id) { try tensors.set(label: place, at: index) }
    }
  }
}
