import DecoupledBase
import DecoupledVision

/// Where the labels of phase 1 come from.
public enum LabelOrigin: String, SettingChoice {
  /// The image-level labels of the data set, or the bits of a list's line: weak supervision as the paper describes it.
  case image
  /// The classes with at least one pixel in the mask inside the final crop, as the released WINDOW_CLS_DATA layer takes
  /// them. That layer hints that the authors' labels were of this kind; it needs masks of all training images, so it is no
  /// weak supervision.
  case crop
}

/// Batches of phase 1: whole photos, or the windows of an official list, cropped and mirrored at random, with their labels.
public final class ClassificationBatches: BatchSource {
  public let batchSize: Int
  private let crop: TrainingCrop
  private let cache: ImageCache
  private let items: [DatasetItem]
  private let crops: CropTable?
  private let origin: LabelOrigin
  private let mapping: ClassMapping
  private let order: SampleOrder
  private let seed: UInt64
  private let description: NetworkDescription

  /// - Parameters:
  ///   - dataset: every sample needs image-level labels or, for labels of the crop, a mask; its classes are matched with the
  ///     model's by name.
  ///   - cacheBytes: decoded photos kept in memory.
  /// - Throws: `invalidArgument` when samples have no labels or the classes are not those of the model.
  public init(
    _ dataset: Dataset, model: Model, labels origin: LabelOrigin = .image,
    augmentation: AugmentationSettings = AugmentationSettings(), batchSize: Int, seed: UInt64,
    cacheBytes: Int = 512 << 20
  ) throws {
    mapping = try ClassMapping(dataset.classes, model: model.classNames)
    let absent = model.classNames.filter { !dataset.classes.names.contains($0) }
    guard absent.isEmpty else {
      throw EngineError(
        .invalidArgument,
        "The data set lacks the classes \(absent.joined(separator: ", ")) of the model, which would be unlearned; add them to its class list."
      )
    }
    guard !dataset.items.isEmpty else { throw EngineError(.invalidArgument, "The training set has no images.") }
    switch (origin, dataset.crops) {
    case (.image, nil):
      try Self.require(
        dataset.items.filter { $0.imageLabels == nil },
        "have no image-level labels (%); add them to the lists or leave the images out of the set.")
    case (.image, let crops?) where !crops.hasSubsets:
      throw EngineError(
        .invalidArgument,
        "The list has lines without the bits of the classes; train with the setting labels: crop, or add the bits.")
    case (.image, _): break
    case (.crop, _):
      try Self.require(
        dataset.items.filter { $0.maskPath == nil },
        "have no mask (%), which labels of the crop come from; leave them out of the set or use labels: image.")
    }
    self.batchSize = batchSize
    self.seed = seed
    self.origin = origin
    description = model.description
    crop = try augmentation.crop(model.description)
    cache = ImageCache(dataset.items, limit: cacheBytes, masks: origin == .crop)
    items = dataset.items
    crops = dataset.crops
    order = SampleOrder(count: crops?.count ?? items.count, seed: seed)
  }

  /// - Parameter sentence: with % for the names of the first few.
  private static func require(_ wrong: [DatasetItem], _ sentence: String) throws {
    guard !wrong.isEmpty else { return }
    let shown = wrong.prefix(3).map(\.id).joined(separator: ", ") + (wrong.count > 3 ? ", ..." : "")
    let parts = sentence.split(separator: "%", omittingEmptySubsequences: false)
    throw EngineError(.invalidArgument, "\(wrong.count) images " + parts.joined(separator: shown))
  }

  /// Samples of one epoch.
  public var count: Int { order.count }

  public func batch(_ number: Int) throws -> TrainingBatch {
    let tensors = try BatchTensors(
      count: batchSize, classes: description.classes, size: description.inputSize, masks: false)
    for index in 0..<batchSize { try fill(tensors, index, position: number * batchSize + index) }
    return tensors.batch
  }

  private func fill(_ tensors: BatchTensors, _ index: Int, position: Int) throws {
    let number = order.sample(position)
    let listed = crops?[number]
    let item = listed?.item ?? number
    let entry = try cache.entry(item)
    let window = listed?.window ?? Window(width: entry.image.width, height: entry.image.height)
    var random = CounterRandom(seed: seed, stream: RandomStream.crop.rawValue, index: UInt64(position))
    let made = try crop.sample(image: entry.image, mask: entry.mask, window: window, random: &random)
    try tensors.set(image: made.input, at: index)
    let present: [Int]
    if origin == .crop {
      present = (made.mask?.objectLabels() ?? []).compactMap(mapping.place(id:))
    } else if let listed {
      present = (listed.subset ?? []).compactMap(mapping.place(id:))
    } else {
      present = mapping.labels(items[item].imageLabels ?? []).enumerated().filter(\.element).map(\.offset)
    }
    for label in present { try tensors.set(label: label, at: index) }
  }
}
