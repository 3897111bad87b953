import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import FoundationEssentials

/// Squares and discs on noisy ground, with masks and labels, written to a folder of its own that `deinit` removes.
final class ShapesFixture {
  let folder: String
  let dataset: Dataset
  static let classNames = ["square", "disc"]

  init(count: Int = 16, seed: UInt64 = 1) throws {
    folder = FileManager.default.temporaryDirectory.path + "/training-\(UUID().uuidString)"
    try FileAccess.makeFolder(folder)
    var items: [DatasetItem] = []
    for index in 0..<count {
      var random = CounterRandom(seed: seed, stream: 99, index: UInt64(index))
      var image = RGBImage(width: 36, height: 36)
      for i in image.pixels.indices { image.pixels[i] = UInt8(random.int(0...90)) }
      var mask = LabelMap(width: 36, height: 36)
      let kind = index % 2
      let (cx, cy, r) = (random.int(11...24), random.int(11...24), random.int(6...10))
      for y in 0..<36 {
        for x in 0..<36 {
          let (dx, dy) = (x - cx, y - cy)
          let inside = kind == 0 ? max(abs(dx), abs(dy)) <= r : dx * dx + dy * dy <= r * r
          guard inside else { continue }
          mask[x, y] = UInt8(kind + 1)
          let strong = UInt8(random.int(170...255))
          image[x, y] = kind == 0 ? (strong, 60, 30) : (30, 60, strong)
        }
      }
      let (photo, map) = ("\(folder)/\(index).png", "\(folder)/\(index)-mask.png")
      try PNGWriter.write(image, to: photo)
      try PNGWriter.write(mask, to: map)
      items.append(
        DatasetItem(id: "shape-\(index)", imagePath: photo, maskPath: map, imageLabels: [kind == 0, kind == 1]))
    }
    dataset = Dataset(classes: try ClassList(Self.classNames), items: items)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A network small enough for the reference backend.
  static var description: NetworkDescription {
    var description = NetworkDescription()
    description.name = "shapes"
    description.classes = 2
    description.inputSize = 32
    description.stageChannels = [6, 8]
    description.stageConvolutions = [1, 1]
    description.decoderConvolutions = [1, 1]
    description.fc6Kernel = 3
    description.fcWidth = 16
    description.segmentationFcWidth = 12
    description.classificationFiller = .he
    description.segmentationFiller = .he
    return description
  }

  static func model(_ change: (inout NetworkDescription) -> Void = { _ in }) throws -> Model {
    var description = Self.description
    change(&description)
    return try Model(description, classNames: classNames, parameters: ParameterStore())
  }

  static func solver(iterations: Int, batchSize: Int = 4, iterSize: Int = 1, rate: Double = 0.01) -> SolverSettings {
    var solver = SolverSettings()
    solver.baseLearningRate = rate
    solver.policy = .fixed
    solver.batchSize = batchSize
    solver.iterSize = iterSize
    solver.maximumIterations = iterations
    return solver
  }

  static func classification(_ solver: SolverSettings) -> ClassificationSettings {
    var settings = ClassificationSettings()
    settings.solver = solver
    return settings
  }

  static func segmentation(_ solver: SolverSettings) -> SegmentationSettings {
    var settings = SegmentationSettings()
    settings.solver = solver
    settings.cropping.windowsPerSubset = 4
    settings.conversion.batches = 6
    settings.conversion.batchSize = 4
    return settings
  }
}

extension Model {
  /// All weights and statistics as bits.
  func bits() throws -> [String: [UInt32]] {
    var result: [String: [UInt32]] = [:]
    for name in parameters.names { result[name] = try parameters[name]?.array(Float.self).map(\.bitPattern) }
    return result
  }
}
