import DecoupledBase
import DecoupledVision

/// Batches of whole photos with the masks of all their classes at once: 0 background, c + 1 class c of the model, 255 void.
final class MaskBatches: BatchSource {
  let batchSize: Int
  private let crop: TrainingCrop
  private let cache: ImageCache
  private let names: [String]
  private let mapping: ClassMapping
  private let order: SampleOrder
  private let seed: UInt64
  private let description: NetworkDescription

  /// - Parameter dataset: its items with a mask are used; its classes are matched with the model's by name.
  /// - Throws: `invalidArgument` when there is no mask.
  init(
    _ dataset: Dataset, model: Model, augmentation: AugmentationSettings, batchSize: Int, seed: UInt64, cacheBytes: Int
  ) throws {
    let items = dataset.strongItems
    guard !items.isEmpty else {
      throw EngineError(.invalidArgument, "No image of the training set has a mask; this phase needs some.")
    }
    mapping = try ClassMapping(dataset.classes, model: model.classNames)
    crop = try augmentation.crop(model.description)
    cache = ImageCache(items, limit: cacheBytes, masks: true)
    names = items.map(\.id)
    order = SampleOrder(count: items.count, seed: seed)
    description = model.description
    self.batchSize = batchSize
    self.seed = seed
  }

  func batch(_ number: Int) throws -> TrainingBatch {
    let size = description.inputSize
    let tensors = try BatchTensors(count: batchSize, classes: description.classes, size: size, masks: true)
    for index in 0..<batchSize {
      let position = number * batchSize + index
      let item = order.sample(position)
      let entry = try cache.entry(item)
      guard let mask = entry.mask else { throw EngineError(.internal, "The image '\(names[item])' has no mask.") }
      let window = Window(width: entry.image.width, height: entry.image.height)
      var random = CounterRandom(seed: seed, stream: RandomStream.crop.rawValue, index: UInt64(position))
      let made = try crop.sample(
        image: entry.image, mask: mapping.mask(mask, name: names[item]), window: window, random: &random)
      try tensors.set(image: made.input, at: index)
      if let labels = made.mask { try tensors.set(mask: labels.labels, at: index) }
    }
    return TrainingBatch(image: tensors.image, labels: nil, mask: tensors.mask)
  }
}
