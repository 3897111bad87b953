import DecoupledBase
import DecoupledVision

/// The patches that one tree learns from: their features and their segmentations.
final class TreeSamples: Sendable {
  let count: Int
  /// The features of the forest that this tree may ask for.
  let featureIDs: [Int32]
  /// Shape (featureIDs.count, stride), of which the first `count` of each row are used.
  let features: Table<Float>
  let stride: Int
  /// One segmentation a sample, `column * side + row`.
  let segments: Table<UInt8>
  let area: Int

  /// - Parameters:
  ///   - items: how many photos there are.
  ///   - tree: the number of the tree, which decides what is drawn.
  ///   - forEach: runs a body for each number below a count, on any threads.
  ///   - read: gives photo and mask of an item.
  /// - Throws: what `read` throws.
  init(
    _ settings: ForestTrainingSettings, items: Int, tree: Int, forEach: ForestTrainer.ParallelLoop,
    read: @escaping @Sendable (Int) throws -> (RGBImage, LabelMap)
  ) throws {
    var random = CounterRandom(seed: settings.seed, stream: ForestTrainer.featureStream, index: UInt64(tree))
    let all = Array(0..<Int32(settings.forest.featureCount)).shuffled(using: &random)
    let featureIDs = all.prefix(settings.featuresPerTree).sorted()
    let perItem = (settings.samples + items - 1) / items
    let capacity = 2 * perItem * items
    // Filled photo by photo, each in its own part, so that the threads' order does not matter; closed up afterwards.
    let columns = Table<Float>(repeating: 0, count: capacity * featureIDs.count)
    let area = settings.forest.innerSize * settings.forest.innerSize
    let patches = Table<UInt8>(repeating: 0, count: capacity * area)
    let used = Table<Int32>(repeating: 0, count: items)
    nonisolated(unsafe) var errors = [(any Error)?](repeating: nil, count: items)
    errors.withUnsafeMutableBufferPointer { errors in
      nonisolated(unsafe) let errors = errors
      forEach(items) { item in
        do {
          let (image, mask) = try read(item)
          used[item] = Int32(
            Self.add(
              image, mask, settings, tree: tree, item: item, featureIDs, first: item * 2 * perItem, perItem: perItem,
              capacity: capacity, columns, patches))
        } catch {
          errors[item] = error
        }
      }
    }
    if let error = errors.compactMap({ $0 }).first { throw error }
    var count = 0
    for item in 0..<items {
      for k in 0..<Int(used[item]) {
        let from = item * 2 * perItem + k
        if from != count {
          for i in 0..<area { patches[count * area + i] = patches[from * area + i] }
          for f in featureIDs.indices { columns[f * capacity + count] = columns[f * capacity + from] }
        }
        count += 1
      }
    }
    self.count = count
    stride = capacity
    self.featureIDs = featureIDs
    features = columns
    segments = patches
    self.area = area
  }

  private static func add(
    _ image: RGBImage, _ mask: LabelMap, _ settings: ForestTrainingSettings, tree: Int, item: Int,
    _ featureIDs: [Int32], first: Int, perItem: Int, capacity: Int, _ columns: Table<Float>, _ patches: Table<UInt8>
  ) -> Int {
    var random = CounterRandom(
      seed: settings.seed, stream: ForestTrainer.patchStream &+ UInt64(tree), index: UInt64(item))
    let borders = MaskBorders(mask)
    let places = borders.places(count: perItem, settings.forest, random: &random)
    guard !places.isEmpty else { return 0 }
    let colours = image.colours
    let padded = colours.padded(left: 0, top: 0, right: -image.width & 3, bottom: -image.height & 3)
    let features = EdgeFeatures(padded, settings.forest)
    let offsets = EdgeFeatures.Offsets(width: features.width, height: features.height, settings.forest)
    let shrink = settings.forest.shrink
    for (f, id) in featureIDs.enumerated() {
      for (k, place) in places.enumerated() {
        let at = place.y / shrink * features.width + place.x / shrink
        columns[f * capacity + first + k] = offsets.value(Int(id), at: at, features)
      }
    }
    let area = settings.forest.innerSize * settings.forest.innerSize
    for (k, place) in places.enumerated() {
      for (i, label) in borders.patch(place.x, place.y, settings.forest).enumerated() {
        patches[(first + k) * area + i] = label
      }
    }
    return places.count
  }
}
