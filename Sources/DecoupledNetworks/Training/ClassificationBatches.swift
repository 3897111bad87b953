import DecoupledCore
import DecoupledVision

/// Batches of phase 1: whole photos, cropped and mirrored at random, with their image-level labels.
public final class ClassificationBatches: BatchSource {
  public let batchSize: Int
  private let crop: ClassificationCrop
  private let cache: ImageCache
  private let labels: [[Bool]]
  private let order: SampleOrder
  private let seed: UInt64
  private let description: NetworkDescription

  /// - Parameters:
  ///   - dataset: every item needs image-level labels; its classes are matched with the model's by name.
  ///   - cacheBytes: decoded photos kept in memory.
  /// - Throws: `invalidArgument` when items have no labels or the classes are not those of the model.
  public init(
    _ dataset: Dataset, model: Model, augmentation: AugmentationSettings = AugmentationSettings(), batchSize: Int,
    seed: UInt64, cacheBytes: Int = 512 << 20
  ) throws {
    let mapping = try ClassMapping(dataset.classes, model: model.classNames)
    let absent = model.classNames.filter { !dataset.classes.names.contains($0) }
    guard absent.isEmpty else {
      throw EngineError(
        .invalidArgument,
        "The data set lacks the classes \(absent.joined(separator: ", ")) of the model, which would be unlearned; add them to its class list."
      )
    }
    guard !dataset.items.isEmpty else { throw EngineError(.invalidArgument, "The training set has no images.") }
    let unlabelled = dataset.items.filter { $0.imageLabels == nil }.map(\.id)
    guard unlabelled.isEmpty else {
      let shown = unlabelled.prefix(3).joined(separator: ", ")
      throw EngineError(
        .invalidArgument,
        "\(unlabelled.count) images have no image-level labels (\(shown)\(unlabelled.count > 3 ? ", ..." : "")); add them to the lists or leave the images out of the set."
      )
    }
    self.batchSize = batchSize
    self.seed = seed
    description = model.description
    crop = ClassificationCrop(try augmentation.crop(model.description))
    cache = ImageCache(dataset.items, limit: cacheBytes, masks: false)
    labels = dataset.items.map { mapping.labels($0.imageLabels ?? []) }
    order = SampleOrder(count: dataset.items.count, seed: seed)
  }

  /// Images of one epoch.
  public var count: Int { order.count }

  public func batch(_ number: Int) throws -> TrainingBatch {
    let tensors = try BatchTensors(
      count: batchSize, classes: description.classes, size: description.inputSize, masks: false)
    for index in 0..<batchSize {
      let position = number * batchSize + index
      let sample = order.sample(position)
      var random = CounterRandom(seed: seed, stream: RandomStream.crop.rawValue, index: UInt64(position))
      try tensors.set(image: crop.input(cache.entry(sample).image, random: &random), at: index)
      for (label, present) in labels[sample].enumerated() where present { try tensors.set(label: label, at: index) }
    }
    return tensors.batch
  }
}
