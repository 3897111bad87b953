import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import Testing

/// Both phases learn squares and discs, and what they leave behind is right.
struct TrainingLearningTests {
  private let shapes: ShapesFixture
  private let held: ShapesFixture
  private let backend: Backend

  init() throws {
    shapes = try ShapesFixture(count: 16, seed: 1)
    held = try ShapesFixture(count: 8, seed: 2)
    backend = try BackendSearch.open("reference")
  }

  private struct PredictorSegmenter: ImageSegmenter {
    let predictor: Predictor
    func segment(_ images: [RGBImage], labels: [[Int]?]) throws -> [(scores: [Float], labelMap: LabelMap)] {
      try predictor.predict(images, labels: labels).map { ($0.scores, $0.labelMap) }
    }
  }

  private func evaluate(_ model: Model, trueLabels: Bool) throws -> EvaluationResult {
    var options = Evaluation.Options()
    options.trueLabels = trueLabels
    options.imagesPerCall = 3
    let predictor = try Predictor(model, backend: backend, control: RunControl(threads: 2))
    return try Evaluation(held.dataset, classNames: model.classNames, options: options)
      .run(PredictorSegmenter(predictor: predictor))
  }

  @Test func bothPhases() throws {
    var options = TrainingOptions()
    options.evaluateEvery = 40
    var solver = ShapesFixture.solver(iterations: 80, batchSize: 8, rate: 0.02)
    var losses: [Double] = []
    var phase1 = ShapesFixture.classification(solver)
    phase1.solver.warmUpIterations = 5
    let classification = try Trainer(
      "classification", try ShapesFixture.model { $0.dropout = 0.1 }, dataset: shapes.dataset, validation: held.dataset,
      settings: phase1,
      options: options, backend: backend, control: RunControl(threads: 2))
    let first = try classification.train {
      if let record = $0.record { losses.append(record.smoothedLoss) }
      return true
    }
    #expect(losses[79] < 0.5 * losses[0], "\(losses[0]) to \(losses[79])")
    #expect(try #require(first.lastRecord?.evaluation?.meanAveragePrecision) > 0.9)

    solver.maximumIterations = 160
    solver.baseLearningRate = 0.05
    var phase2 = ShapesFixture.segmentation(solver)
    phase2.conversion.batches = 10
    phase2.conversion.batchSize = 8
    var measured: [Double] = []
    let fixed = try classification.model.bits()
    let segmentation = try Trainer(
      "segmentation", classification.model, dataset: shapes.dataset, validation: held.dataset, settings: phase2,
      options: options,
      backend: backend, control: RunControl(threads: 2),
      meanIntersectionOverUnion: { model in
        let value = try evaluate(model, trueLabels: true).meanIntersectionOverUnion ?? 0
        measured.append(value)
        return value
      })
    losses = []
    let second = try segmentation.train {
      if let record = $0.record { losses.append(record.smoothedLoss) }
      return true
    }
    #expect(losses[159] < 0.5 * losses[0], "\(losses[0]) to \(losses[159])")
    let evaluation = try #require(second.lastRecord?.evaluation)
    #expect(measured.count == 4 && measured[3] > measured[0] + 0.05, "\(measured)")
    #expect(try #require(evaluation.foregroundIntersectionOverUnion) > 0.6, "\(evaluation)")
    #expect(try #require(evaluation.pixelAccuracy) > 0.8, "\(evaluation)")
    let converted = try #require(segmentation.finished)
    let result = try evaluate(converted, trueLabels: true)
    #expect(try #require(result.meanIntersectionOverUnion) > 0.6, "\(result.text)")
    #expect(result.masks == 8 && result.labelled == 8 && result.text.contains("square"))
    // The classification network is what it was.
    let bits = try converted.bits()
    for (name, values) in fixed { #expect(bits[name] == values, "\(name)") }
  }

  /// New classes join; known rows and all other weights stay, and training the score layer leaves the segmentation network
  /// alone.
  @Test func extendingKeepsWhatIsKnown() throws {
    let model = try ShapesFixture.model()
    try model.fill(.classification, seed: 1)
    try model.fill(.segmentation, seed: 1)
    let larger = try model.extended(with: ["disc", "ring", "square"], seed: 2)
    #expect(larger.classNames == ["square", "disc", "ring"])
    let (old, new) = (try model.bits(), try larger.bits())
    #expect(
      try #require(new["cls_score.weight"]).prefix(old["cls_score.weight"]?.count ?? 0) == old["cls_score.weight"]?[...]
    )
    #expect(new["cls_score.weight"]?.count == 3 * ShapesFixture.description.fcWidth)
    for (name, bits) in old where !name.hasPrefix("cls_score") { #expect(new[name] == bits, "\(name)") }
    #expect { try model.extended(with: ["disc"], seed: 2) } throws: { "\($0)".contains("disc") }

    // The data set's classes are in another order than the model's.
    let names = ["ring", "disc", "square"]
    let items = shapes.dataset.items.map {
      DatasetItem(id: $0.id, imagePath: $0.imagePath, imageLabels: [false] + ($0.imageLabels ?? []).reversed())
    }
    let dataset = Dataset(classes: try ClassList(names), items: items)
    var settings = ShapesFixture.classification(ShapesFixture.solver(iterations: 2))
    settings.solver.multiplierRules = try MultiplierRule.scoreLayerOnly(ShapesFixture.description)
    let trainer = try Trainer(
      "classification", larger, dataset: dataset, settings: settings, backend: backend, control: RunControl(threads: 1))
    _ = try trainer.train()
    let trained = try trainer.model.bits()
    #expect(trained["cls_score.weight"] != new["cls_score.weight"])
    for (name, bits) in new where !name.hasPrefix("cls_score") { #expect(trained[name] == bits, "\(name)") }
    let batches = try ClassificationBatches(dataset, model: larger, batchSize: 16, seed: 1)
    let sums = try #require(batches.batch(0).labels).array(Float.self).enumerated().reduce(
      into: [Float](repeating: 0, count: 3)
    ) {
      $0[$1.offset % 3] += $1.element
    }
    #expect(sums == [8, 8, 0])
  }

  /// A channel that never varies is switched off by the conversion.
  @Test func constantChannelsGetScaleZero() throws {
    let model = try ShapesFixture.model()
    try model.fill(.classification, seed: 1)
    try model.fill(.segmentation, seed: 1)
    // Without weights, deconv1_1's channel 2 is its bias everywhere.
    let weight = try #require(model.parameters["deconv1_1.weight"])
    let values = try weight.elements(Float.self)
    let plane = weight.shape[2] * weight.shape[3]
    for input in 0..<weight.shape[0] {
      for i in 0..<plane { values[(input * weight.shape[1] + 2) * plane + i] = 0 }
    }
    var settings = ShapesFixture.segmentation(ShapesFixture.solver(iterations: 1, batchSize: 2, rate: 1e-30))
    (settings.conversion.batches, settings.conversion.batchSize) = (3, 2)
    let trainer = try Trainer(
      "segmentation", model, dataset: shapes.dataset, settings: settings, backend: backend,
      control: RunControl(threads: 1))
    _ = try trainer.train()
    let converted = try #require(trainer.finished)
    let scale = try #require(converted.parameters["debn1_1.weight"]).array(Float.self)
    #expect(scale.enumerated().allSatisfy { $0.element == ($0.offset == 2 ? 0 : 1) }, "\(scale)")
    #expect(try model.parameters["debn1_1.weight"]?.array(Float.self).allSatisfy { $0 == 1 } == true)
    #expect(try converted.parameters["debn1_1.running_var"]?.array(Float.self)[0] != 1)
  }
}
