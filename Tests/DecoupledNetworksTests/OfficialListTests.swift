import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledProposals
import DecoupledVision
import FoundationEssentials
import Testing

/// Official lists, the released data layer and learning rate schedule on a small tree in the VOC layout.
struct OfficialListTests {
  private let shapes: ShapesFixture
  private let tree: String
  private let list: String
  private let backend: Backend

  init() throws {
    shapes = try ShapesFixture(count: 6, seed: 3)
    tree = shapes.folder + "/VOCdevkit/VOC2012"
    list = shapes.folder + "/list.txt"
    backend = try BackendSearch.open("reference")
    try VOCWriter.write(shapes.dataset, set: "train", to: tree)
    let data = try Dataset.open(shapes.folder + "/VOCdevkit", set: "train")
    var settings = CroppingSettings()
    settings.windowsPerSubset = 3
    settings.context = [0, 1.5]
    var proposals = ProposalSettings()
    proposals.count = 20
    settings.proposals = proposals
    let generator = CropGenerator(
      cropping: try settings.cropping(), proposals: try proposals.proposer(from: EdgeBoxesSource()))
    _ = try generator.write(data, root: tree, to: list)
  }

  private func open() throws -> Dataset {
    var options = Dataset.Options()
    options.list = list
    return try Dataset.open(tree, options: options)
  }

  @Test func proposalsNeedASource() throws {
    let error = #expect(throws: EngineError.self) { try ProposalSettings().proposer(from: nil) }
    #expect(error?.status == .unsupported && error?.message.contains("'proposals'") == true)
  }

  @Test func batchesShowTheWindowsOfTheList() throws {
    let data = try open()
    let crops = try #require(data.crops)
    #expect(crops.count == 6 * (1 + 3) && data.items.count == 6)
    var augmentation = AugmentationSettings()
    augmentation.mirror = false
    augmentation.resizeTo = 32
    let model = try ShapesFixture.model()
    let source = try SegmentationBatches(
      data, model: model, augmentation: augmentation, batchSize: 4, seed: 9)
    #expect(source.count == 24)
    let crop = try TrainingCrop(
      resizeTo: 32, inputSize: 32, mirror: false, preprocessing: model.description.preprocessing)
    // Every line as it must come out; each epoch shows all of them, in another order.
    var expected: [String: Int] = [:]
    for number in 0..<crops.count {
      let entry = crops[number]
      let (image, mask) = try data.items[entry.item].read()
      let made = try crop.sample(
        image: image, mask: mask, window: try #require(entry.window),
        at: TrainingCrop.Placement(left: 0, top: 0, mirrored: false))
      let binary = CombinatorialCropping.binaryLabels(try #require(made.mask), subset: try #require(entry.subset))
      let labels = (1...2).map { entry.subset?.contains(UInt8($0)) == true ? Float(1) : 0 }
      expected["\(made.input) \(binary) \(labels)", default: 0] += 1
    }
    var orders: [[String]] = [[], []]
    for batch in 0..<12 {
      let made = try source.batch(batch)
      let images: [Float] = try made.image.array()
      let masks: [Int32] = try #require(made.mask).array()
      let labels: [Float] = try #require(made.labels).array()
      for i in 0..<4 {
        let binary = masks[(i * 1024)..<((i + 1) * 1024)].map { UInt8($0) }
        orders[batch / 6].append(
          "\(Array(images[(i * 3072)..<((i + 1) * 3072)])) \(binary) \(Array(labels[(2 * i)..<(2 * i + 2)]))")
      }
    }
    for order in orders {
      #expect(Dictionary(order.map { ($0, 1) }, uniquingKeysWith: +) == expected)
    }
    #expect(orders[0] != orders[1])
  }

  @Test func bothPhasesTrain() throws {
    let data = try open()
    var solver = ShapesFixture.solver(iterations: 6, batchSize: 2, iterSize: 2, rate: 0.01)
    solver.policy = .step(gamma: 0.1, stepSize: 4)
    var phase1 = ShapesFixture.classification(solver)
    phase1.labels = .crop
    let classification = try Trainer(
      "classification", try ShapesFixture.model(), dataset: data, settings: phase1, backend: backend,
      control: RunControl(threads: 2))
    _ = try classification.train()
    var rates: [Double] = []
    let segmentation = try Trainer(
      "segmentation", classification.model, dataset: data, validation: data,
      settings: ShapesFixture.segmentation(solver),
      backend: backend, control: RunControl(threads: 2))
    let outcome = try segmentation.train {
      if let record = $0.record { rates.append(record.learningRate) }
      return true
    }
    #expect(outcome.iterations == 6 && outcome.lastRecord?.smoothedLoss.isFinite == true)
    #expect(outcome.lastRecord?.evaluation?.pixelAccuracy != nil)
    for (rate, expected) in zip(rates, [0.01, 0.01, 0.01, 0.01, 0.001, 0.001]) { #expect(abs(rate - expected) < 1e-12) }
  }

  @Test func labelsOfTheCropAndOfTheList() throws {
    // A window of the left half, where only the square is, with a bit for the disc: the list and the crop disagree.
    let folder = shapes.folder + "/two"
    var mask = LabelMap(width: 40, height: 20)
    for y in 5..<15 {
      for x in 5..<12 { mask[x, y] = 1 }
      for x in 28..<36 { mask[x, y] = 2 }
    }
    mask[0, 0] = 255
    try FileAccess.makeFolder(folder)
    try PNGWriter.write(mask, to: folder + "/m.png")
    try PNGWriter.write(RGBImage(width: 40, height: 20, fill: (9, 9, 9)), to: folder + "/a.png")
    try FileAccess.write(text: "square\ndisc\n", to: folder + "/classes.txt")
    func labels(_ line: String, _ origin: LabelOrigin) throws -> [Float] {
      try FileAccess.write(text: line + "\n", to: folder + "/list.txt")
      var options = Dataset.Options()
      options.list = folder + "/list.txt"
      let source = try ClassificationBatches(
        Dataset.open(folder, options: options), model: ShapesFixture.model(), labels: origin, batchSize: 1, seed: 1)
      return try #require(source.batch(0).labels).array()
    }
    #expect(try labels("/a.png /m.png 0 0 19 19 0 1", .image) == [0, 1])
    #expect(try labels("/a.png /m.png 0 0 19 19 0 1", .crop) == [1, 0])
    #expect(try labels("/a.png /m.png 0 0 19 19", .crop) == [1, 0])
    #expect(try labels("/a.png /m.png", .crop) == [1, 1])
    #expect(throws: EngineError.self) { try labels("/a.png /m.png 0 0 19 19", .image) }
    // Phase 2 takes the class of the line from a mask with both, and needs its bits.
    func batch(_ line: String) throws -> TrainingBatch {
      try FileAccess.write(text: line + "\n", to: folder + "/list.txt")
      var options = Dataset.Options()
      options.list = folder + "/list.txt"
      return try SegmentationBatches(
        Dataset.open(folder, options: options), model: ShapesFixture.model(), batchSize: 1, seed: 1
      ).batch(0)
    }
    let disc = try batch("/a.png /m.png 0 0 39 19 0 1")
    #expect(try #require(disc.labels).array() == [Float(0), 1])
    // 8 of 40 columns and 10 of 20 rows; the input is cut from the resized window.
    let shown = try #require(disc.mask).array(Int32.self)
    #expect(abs(Double(shown.count { $0 == 1 }) / 1024 - 0.1) < 0.03)
    #expect(throws: EngineError.self) { try batch("/a.png /m.png 0 0 39 19") }
    // A data set with image-level labels says the same either way, here of whole images.
    let item = DatasetItem(
      id: "a", imagePath: folder + "/a.png", maskPath: folder + "/m.png", imageLabels: [true, false])
    let data = Dataset(classes: shapes.dataset.classes, items: [item])
    for (origin, expected) in [(LabelOrigin.image, [Float(1), 0]), (.crop, [1, 1])] {
      let source = try ClassificationBatches(
        data, model: ShapesFixture.model(), labels: origin, batchSize: 1, seed: 1)
      #expect(try #require(source.batch(0).labels).array() == expected)
    }
    let weak = Dataset(classes: data.classes, items: [DatasetItem(id: "a", imagePath: folder + "/a.png")])
    #expect(throws: EngineError.self) {
      try ClassificationBatches(weak, model: ShapesFixture.model(), labels: .crop, batchSize: 1, seed: 1)
    }
  }
}
