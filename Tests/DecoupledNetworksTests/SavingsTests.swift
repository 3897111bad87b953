import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import Testing

/// The exact savings of the inference procedure give the results of the plain one.
struct SavingsTests {
  static let forms = SaliencyPlacement.allCases.flatMap { placement in
    SaliencySeed.allCases.map { SaliencyForm(placement: placement, seed: $0) }
  }

  /// A network with random weights whose statistics spread the probabilities.
  static func model(_ saliency: SaliencyForm) throws -> Model {
    var description = try #require(NetworkDescription(preset: "tiny"))
    description.classes = 3
    description.inputSize = 48
    description.saliency = saliency
    let model = try Model(description, classNames: ["a", "b", "c"], parameters: ParameterStore())
    try model.fill(.classification, seed: 4)
    try model.fill(.segmentation, seed: 4)
    // The normalisation brings the tiny saliency to the scale of the features, as training would.
    try #require(model.parameters["pool3_bp_bn.running_var"]).elements(Float.self).update(repeating: 1e-9)
    return model
  }

  static func photo(seed: UInt64) -> RGBImage {
    var random = CounterRandom(seed: seed)
    var image = RGBImage(width: 61, height: 40)
    for y in 0..<40 {
      for x in 0..<61 {
        for c in 0..<3 { image.pixels[(y * 61 + x) * 3 + c] = UInt8((x * 3 + y * (c + 2) + random.int(0...90)) % 256) }
      }
    }
    return image
  }

  static func predict(
    _ model: Model, _ images: [RGBImage], labels: [[Int]?], plain: Bool, batch: Int = 1, rows: Int = 4,
    largeRow: Int? = nil, activationMaps: Bool = true, backend: String = "reference"
  ) throws -> [Prediction] {
    var settings = PredictionSettings()
    settings.plain = plain
    settings.foregroundMaps = true
    settings.activationMaps = activationMaps
    if let largeRow { settings.largeRow = largeRow }
    settings.imagesPerBatch = batch
    settings.rowsPerChunk = rows
    return try Predictor(
      model, backend: try BackendSearch.open(backend), control: RunControl(threads: 2), settings: settings
    ).predict(images, labels: labels)
  }

  @Test(arguments: forms, [[0], [1, 2], [0, 1, 2]])
  func savedEqualsPlain(saliency: SaliencyForm, labels: [Int]) throws {
    let model = try Self.model(saliency)
    let image = Self.photo(seed: 1)
    let plain = try Self.predict(model, [image], labels: [labels], plain: true)[0]
    let saved = try Self.predict(model, [image], labels: [labels], plain: false)[0]
    #expect(plain.scores == saved.scores)
    #expect(plain.labelMap == saved.labelMap)
    #expect(plain.foregroundMaps.count == labels.count)
    var spread: Float = 0
    for (a, b) in zip(plain.foregroundMaps, saved.foregroundMaps) {
      #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) < 1e-4 })
      spread = max(spread, (a.values.max() ?? 0) - (a.values.min() ?? 0))
    }
    #expect(spread > 0.05, "the maps are flat, so their agreement says nothing")
    for (a, b) in zip(plain.activationMaps, saved.activationMaps) {
      let largest = a.values.map(abs).max() ?? 0
      #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    }
  }

  /// The plain procedure on `reference` against the savings of another backend, which may add some of its own: a seed with
  /// one cell that is not zero is back-propagated as a vector.
  @Test(arguments: ["openblas"] + Golden.cpuVariants, forms)
  func savingsOfOtherBackends(backend: String, saliency: SaliencyForm) throws {
    let model = try Self.model(saliency)
    let (image, labels) = (Self.photo(seed: 2), [0, 2])
    let plain = try Self.predict(model, [image], labels: [labels], plain: true)[0]
    let saved = try Self.predict(model, [image], labels: [labels], plain: false, backend: backend)[0]
    for (a, b) in zip(plain.activationMaps, saved.activationMaps) {
      let largest = a.values.map(abs).max() ?? 0
      #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) <= 1e-3 * largest })
    }
    // A maximum that flips between neighbours moves a value, so single pixels may differ.
    for (a, b) in zip(plain.foregroundMaps, saved.foregroundMaps) {
      let different = zip(a.values, b.values).count { abs($0 - $1) > 1e-3 }
      #expect(different <= a.values.count / 200, "\(different) of \(a.values.count) pixels")
    }
  }

  @Test(arguments: Golden.backends)
  func batchesAndChunksDoNotMatter(backend: String) throws {
    let model = try Self.model(.paper)
    let images = (1...5).map { Self.photo(seed: $0) }
    let labels: [[Int]?] = [[0, 1, 2], [], [2], [0, 2], [1]]
    let alone = try zip(images, labels).map {
      try Self.predict(model, [$0], labels: [$1], plain: false, backend: backend)[0]
    }
    for (batch, rows) in [(1, 1), (2, 3), (5, 16)] {
      let together = try Self.predict(
        model, images, labels: labels, plain: false, batch: batch, rows: rows, backend: backend)
      for (a, b) in zip(alone, together) {
        #expect(a.labelMap == b.labelMap)
        #expect(a.foregroundMaps.map(\.values) == b.foregroundMaps.map(\.values))
      }
    }
  }

  /// All stages of the decoder, the finer ones or none take one row at a time.
  @Test(arguments: Golden.backends, [true, false])
  func stagesOfOneRowGiveTheSame(backend: String, activationMaps: Bool) throws {
    let model = try Self.model(.paper)
    let images = (1...3).map { Self.photo(seed: $0) }
    let labels: [[Int]?] = [[0, 1, 2], [2], [0, 1]]
    func predict(largeRow: Int) throws -> [Prediction] {
      try Self.predict(
        model, images, labels: labels, plain: false, batch: 3, rows: 3, largeRow: largeRow,
        activationMaps: activationMaps, backend: backend)
    }
    let together = try predict(largeRow: .max)
    for largeRow in [0, 20_000] {
      for (a, b) in zip(together, try predict(largeRow: largeRow)) {
        #expect(a.labelMap == b.labelMap)
        #expect(a.foregroundMaps.map(\.values) == b.foregroundMaps.map(\.values))
        #expect(a.activationMaps.map(\.values) == b.activationMaps.map(\.values))
      }
    }
  }

  @Test func nothingIdentifiedIsBackground() throws {
    let prediction = try Self.predict(try Self.model(.paper), [Self.photo(seed: 3)], labels: [[]], plain: false)[0]
    #expect(prediction.labelMap == LabelMap(width: 61, height: 40))
    #expect(prediction.identified.isEmpty)
  }

  /// Other classes of the same images need no second run of the classification network.
  @Test func segmentsAgainWithOtherLabels() throws {
    let model = try Self.model(.paper)
    let images = [Self.photo(seed: 1), Self.photo(seed: 2)]
    var settings = PredictionSettings()
    settings.imagesPerBatch = 2
    settings.foregroundMaps = true
    let predictor = try Predictor(
      model, backend: try BackendSearch.open("reference"), control: RunControl(threads: 2), settings: settings)
    #expect(throws: EngineError.self) { _ = try predictor.segmentAgain(images, labels: [nil, nil]) }
    _ = try predictor.predict(images, labels: [[0], []])
    let again = try predictor.segmentAgain(images, labels: [[1, 2], [0]])
    let anew = try predictor.predict(images, labels: [[1, 2], [0]])
    for (first, second) in zip(again, anew) {
      #expect(first.identified == second.identified)
      #expect(first.scores == second.scores)
      #expect(first.foregroundMaps.map(\.values) == second.foregroundMaps.map(\.values))
    }
    #expect(throws: EngineError.self) { _ = try predictor.segmentAgain(images, labels: [[0]]) }
    #expect(throws: EngineError.self) { _ = try predictor.segmentAgain(images, labels: [[0], [3]]) }
  }
}

/// Damaged models and files are errors, never wrong results.
struct DamagedModelTests {
  @Test func weightsThatAreNotNumbersAreReported() throws {
    let model = try SavingsTests.model(.paper)
    let weights = try #require(model.parameters["deconv1_1.weight"])
    let damaged = try weights.copy()
    try damaged.elements(Float.self)[0] = .nan
    model.parameters["deconv1_1.weight"] = damaged
    let error = #expect(throws: EngineError.self) {
      try SavingsTests.predict(model, [SavingsTests.photo(seed: 1)], labels: [[0]], plain: false)
    }
    #expect(error?.status == .numeric)
  }

  @Test func shapesWhoseStridesOverflowAreRefused() throws {
    let path = "/tmp/decoupled-test-\(UInt32.random(in: 0 ... .max)).safetensors"
    let header =
      #"{"a":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}"#
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    bytes += Array(header.utf8)
    try FileAccess.write(bytes, to: path)
    defer { _ = try? FileAccess.write([0], to: path) }
    let error = #expect(throws: EngineError.self) { try SafetensorsReader(path: path) }
    #expect(error?.status == .format)
  }
}
