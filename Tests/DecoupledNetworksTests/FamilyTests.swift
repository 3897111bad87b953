import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import Testing

/// Families, phases and parts as values.
struct FamilyTests {
  private func window(of layer: String, in graph: Graph) -> SlidingWindow? {
    let operation = graph.nodes.first { $0.name == layer }?.operation
    return (operation as? Conv)?.window ?? (operation as? ConvTranspose)?.window
  }

  /// The pads and cuts of the released FCN-32s: 100 pixels around the image, 19 cut off the map.
  @Test func fcnHasTheReleasedGeometry() throws {
    let description = try #require(NetworkDescription(preset: "fcn32s"))
    let graph = try Families.of(description).predictionGraph(description, images: 1, rows: 1)
    #expect(window(of: "conv1_1", in: graph)?.pads == [100, 100, 100, 100])
    #expect(window(of: "conv1_2", in: graph)?.pads == [1, 1, 1, 1])
    let upscore = try #require(window(of: "upscore", in: graph))
    #expect(upscore.kernel == [64, 64] && upscore.strides == [32, 32] && upscore.pads[0] == 19)
    #expect(try graph[graph.value(named: "score_fr")].type.shape == [1, 21, 11, 11])
    #expect(try graph[graph.value(named: "probabilities")].type.shape == [1, 21, 320, 320])
  }

  /// A pixel's scores are those of the cells around it: the middle of the map lies in the middle of the image.
  @Test func fcnInterpolatesBetweenTheScoresOfItsCells() throws {
    var description = ShapesFixture.description
    description.family = "fcn"
    let model = try Model(description, classNames: ShapesFixture.classNames, parameters: ParameterStore())
    try model.fill(.all, seed: 1)
    let kernel = try #require(model.parameters["upscore.weight"])
    let values = try kernel.array(Float.self)
    // 4 pixels a cell: 1/8, 3/8, 5/8, 7/8 and back, the same for each class, 0 between classes.
    let line: [Float] = [0.125, 0.375, 0.625, 0.875, 0.875, 0.625, 0.375, 0.125]
    for (from, to) in [(0, 0), (1, 1), (0, 1)] {
      let plane = values[((from * 3 + to) * 64)..<((from * 3 + to) * 64 + 64)]
      let expected = line.flatMap { y in line.map { from == to ? y * $0 : 0 } }
      #expect(zip(plane, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  /// FCN-32s learns and predicts; what it cannot give is refused in a sentence.
  @Test func fcnTrainsAndPredicts() throws {
    let shapes = try ShapesFixture()
    let backend = try BackendSearch.open("reference")
    let control = RunControl(threads: 2)
    var description = ShapesFixture.description
    description.family = "fcn"
    let start = try Model(description, classNames: ShapesFixture.classNames, parameters: ParameterStore())
    var settings = FCNSettings()
    settings.solver = ShapesFixture.solver(iterations: 30, batchSize: 4, rate: 0.02)
    let trainer = try Trainer(
      "fcn32s", start, dataset: shapes.dataset, settings: settings, backend: backend, control: control)
    var losses: [Double] = []
    let outcome = try trainer.train {
      if let record = $0.record { losses.append(record.loss) }
      return true
    }
    #expect(!outcome.wasCancelled && losses.count == 30)
    // Scores begin at 0: every one of three labels has the probability a third.
    #expect(abs(losses[0] - 1.0986) < 1e-3, "\(losses[0])")
    #expect(losses.suffix(5).reduce(0, +) < 4 * losses[0], "\(losses)")
    let model = try #require(trainer.finished)
    let predictor = try Predictor(model, backend: backend, control: control)
    let image = try shapes.dataset.items[0].read().image
    let found = try predictor.predict([image])[0]
    #expect(found.labelMap.width == image.width && found.scores.count == 2)
    #expect(found.scores.allSatisfy { (0...1).contains($0) })
    // Only classes that were given are found.
    let given = try predictor.predict([image], labels: [[1]])[0]
    #expect(given.identified == [1] && Set(given.labelMap.labels).isSubset(of: [0, 2]))
    var maps = PredictionSettings()
    maps.activationMaps = true
    let error = #expect(throws: EngineError.self) {
      try Predictor(model, backend: backend, control: control, settings: maps)
    }
    #expect(error?.message.contains("activation maps") == true)
  }

  /// The parts of another network go together: a residual trunk, an averaging head and the decoder that joins features give the
  /// same labels whether label passes share work or not.
  @Test func otherPartsShareWorkExactly() throws {
    var description = try #require(NetworkDescription(preset: "resnet18"))
    description.classes = 2
    description.inputSize = 64
    description.segmentationFcWidth = 16
    description.decoderWidths = [4, 6, 8]
    let model = try Model(description, classNames: ["a", "b"], parameters: ParameterStore())
    try model.fill(.all, seed: 3)
    let backend = try BackendSearch.open("reference")
    let control = RunControl(threads: 2)
    var random = CounterRandom(seed: 1, stream: 0, index: 0)
    var image = RGBImage(width: 64, height: 48)
    for index in image.pixels.indices { image.pixels[index] = UInt8(random.int(0...255)) }
    var settings = PredictionSettings()
    settings.foregroundMaps = true
    let shared = try Predictor(model, backend: backend, control: control, settings: settings)
      .predict([image], labels: [[0, 1]])[0]
    settings.plain = true
    let plain = try Predictor(model, backend: backend, control: control, settings: settings)
      .predict([image], labels: [[0, 1]])[0]
    for (one, other) in zip(shared.foregroundMaps, plain.foregroundMaps) {
      #expect(zip(one.values, other.values).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    #expect(shared.foregroundMaps.count == 2)
  }

  @Test func whatDoesNotExistIsRefusedByName() throws {
    for (change, what) in [
      ({ $0.family = "fcm" }, "family 'fcm'"), ({ $0.trunk = "vgh" }, "trunk 'vgh'"), ({ $0.head = "x" }, "head 'x'"),
      ({ $0.decoder = "y" }, "decoder 'y'"), ({ $0.decoder = "upsampling" }, "decoder_widths"),
    ] as [((inout NetworkDescription) -> Void, String)] {
      let error = #expect(throws: EngineError.self) { try ShapesFixture.model(change) }
      #expect(error?.message.contains(what) == true, "\(String(describing: error))")
    }
    let family = try Families.of(ShapesFixture.description)
    #expect(family.forms == ["prediction", "classification_loss", "segmentation_loss"])
    #expect(throws: EngineError.self) { try family.phase("fcn32s") }
  }

  /// Parameters know their part and role; no name says so.
  @Test func parametersCarryTheirPart() throws {
    let all = try ShapesFixture.description.parameters()
    let parts = Dictionary(grouping: all, by: \.part).mapValues { Set($0.map(\.name)) }
    #expect(parts[.score] == ["cls_score.weight", "cls_score.bias"])
    #expect(parts[.head] == ["fc6.weight", "fc6.bias", "fc7.weight", "fc7.bias"])
    #expect(parts[.trunk]?.contains("conv1_1.weight") == true && parts[.trunk]?.count == 4)
    #expect(parts[.bridge]?.contains("fc6_seg.weight") == true)
    #expect(parts[.decoder]?.contains("seg_score.weight") == true)
    #expect(all.first { $0.name == "debn1_1.weight" }?.role == .scale)
  }
}
