import DecoupledCore
import DecoupledVision

/// Runs the inference procedure on images. Belongs to one thread at a time; the model may be shared.
public final class Predictor {
  public let model: Model
  public let backend: Backend
  public let control: RunControl
  public let settings: PredictionSettings
  /// Calls back after each kernel.
  public var onKernel: ((KernelTiming) -> Void)? {
    get { execution.onKernel }
    set { execution.onKernel = newValue }
  }

  private let execution: Execution
  private let plans: PredictionPlans
  /// Whether the model is known to have a segmentation network: asking it takes as long as a small network.
  private var canSegment = false
  /// Results of earlier runs, whose memory is used again.
  private var values: [ValueID: Tensor] = [:]
  /// The scores of the images whose trunk ran last, which `values` still holds.
  private var lastScores: [[Float]] = []

  /// - Throws: when the model lacks weights, or the backend cannot run it. A model without a segmentation network can
  ///   still classify.
  public init(_ model: Model, backend: Backend, control: RunControl, settings: PredictionSettings = .init()) throws {
    try settings.check()
    try model.requireClassification()
    self.model = model
    self.backend = backend
    self.control = control
    self.settings = settings
    plans = try PredictionPlans(model, settings: settings, backend: backend)
    execution = Execution(control)
    // Now rather than with the first image, for which somebody waits.
    canSegment = (try? model.requireSegmentation()) != nil
    for plan in [plans.classification] + (canSegment ? plans.segmentation : []) {
      try execution.pack(plan, parameters: model.parameters)
    }
  }

  /// The sigmoid scores of each image: what the classification network alone says.
  public func scores(_ images: [RGBImage]) throws -> [[Float]] {
    try chunks(of: images.count, settings.imagesPerBatch).flatMap { batch -> [[Float]] in
      try classify(images[batch].map { try input($0) })
    }
  }

  /// Segments images of any size.
  /// - Parameter labels: for each image the classes to segment (any order), or nil to take those above the threshold;
  ///   an empty list stands for all images nil.
  public func predict(_ images: [RGBImage], labels: [[Int]?] = []) throws -> [Prediction] {
    try requireSegmentation()
    if !labels.isEmpty { try check(labels, images: images.count) }
    return try chunks(of: images.count, settings.imagesPerBatch).flatMap { batch -> [Prediction] in
      let inputs = try images[batch].map { try input($0) }
      let given = labels.isEmpty ? [[Int]?](repeating: nil, count: batch.count) : Array(labels[batch])
      return try predict(Array(images[batch]), inputs: inputs, labels: given)
    }
  }

  private func requireSegmentation() throws {
    if canSegment { return }
    try model.requireSegmentation()
    canSegment = true
  }

  private func check(_ labels: [[Int]?], images: Int) throws {
    guard labels.count == images else {
      throw EngineError(.invalidArgument, "\(labels.count) label sets are given for \(images) images.")
    }
    for set in labels.compactMap({ $0 }) {
      for label in set where !(0..<model.description.classes).contains(label) {
        throw EngineError(
          .invalidArgument, "There is no class \(label); classes are 0 to \(model.description.classes - 1).")
      }
    }
  }

  private func input(_ image: RGBImage) throws -> [Float] {
    try model.description.preprocessing.inferenceInput(image, size: model.description.inputSize)
  }

  private func classify(_ inputs: [[Float]]) throws -> [[Float]] {
    let size = model.description.inputSize
    let batch = try Tensor(inputs.flatMap { $0 }, shape: [inputs.count, 3, size, size])
    lastScores = []
    try run(plans.classification, [.images: inputs.count], [plans.network.image: batch])
    let scores = try rows(of: plans.network.classification.scores)
    guard scores.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw EngineError(.numeric, "The classification network gives scores that are not numbers; the model is damaged.")
    }
    lastScores = scores
    return scores
  }

  private func rows(of value: ValueID) throws -> [[Float]] {
    guard let tensor = values[value] else { throw EngineError(.internal, "A value of the network was not kept.") }
    let all = try tensor.elements(Float.self)
    let width = all.count / max(1, tensor.shape[0])
    return (0..<tensor.shape[0]).map { Array(all[($0 * width)..<(($0 + 1) * width)]) }
  }

  private func predict(_ images: [RGBImage], inputs: [[Float]], labels: [[Int]?]) throws -> [Prediction] {
    try segment(images, scores: classify(inputs), labels: labels)
  }

  /// Segments the images of the last call once more, for other classes: the classification network does not run again.
  /// - Parameters:
  ///   - images: those of the last call of `scores` or `predict`, at most `imagesPerBatch`.
  ///   - labels: for each image the classes to segment, or nil to take those above the threshold.
  public func segmentAgain(_ images: [RGBImage], labels: [[Int]?]) throws -> [Prediction] {
    try requireSegmentation()
    guard images.count == lastScores.count, !images.isEmpty else {
      throw EngineError(
        .state, "The classification network last ran on \(lastScores.count) images, not these \(images.count).")
    }
    try check(labels, images: images.count)
    return try segment(images, scores: lastScores, labels: labels)
  }

  private func segment(_ images: [RGBImage], scores: [[Float]], labels: [[Int]?]) throws -> [Prediction] {
    let identified = zip(scores, labels).map { scores, given in
      given.map { Array(Set($0)).sorted() } ?? scores.indices.filter { scores[$0] > settings.threshold }
    }
    let raw = try rows(
      of: model.description.saliency.placement == .average
        ? plans.network.classification.logits : plans.network.classification.maxLogits)
    let passes = LabelPasses(identified: identified, plain: settings.plain) { image, classIndex in
      switch model.description.saliency.seed {
      case .one: 1
      case .score: scores[image][classIndex]
      case .raw: raw[image][classIndex]
      }
    }
    var maps = images.map { _ in ScoreMaps(size: model.description.inputSize, dividesBySum: true) }
    var activations: [[Int: FloatImage]] = images.map { _ in [:] }
    try run(passes, images: images.count) { row, probabilities, activation in
      guard probabilities.allSatisfy(\.isFinite) else {
        throw EngineError(.numeric, "The segmentation network gives values that are not numbers; the model is damaged.")
      }
      let plane = maps[row.image].size * maps[row.image].size
      if row.isAllClasses { maps[row.image].append(0, Array(probabilities[..<plane])) }
      if let classIndex = row.classIndex {
        maps[row.image].append(UInt8(classIndex + 1), Array(probabilities[plane..<(2 * plane)]))
        if let activation { activations[row.image][classIndex] = activation }
      }
    }
    return try images.indices.map { index in
      Prediction(
        scores: scores[index], identified: identified[index],
        labelMap: try maps[index].labelMap(of: images[index], refinements: settings.refinements, control: control),
        foregroundMaps: settings.foregroundMaps
          ? try maps[index].foregroundMaps(of: images[index], pool: control.pool) : [],
        activationMaps: identified[index].compactMap { activations[index][$0] })
    }
  }

  /// Runs the label passes in chunks and hands each row's probabilities, and its activation map when kept, to `take`.
  private func run(
    _ passes: LabelPasses, images: Int,
    take: (LabelPasses.Row, UnsafeMutableBufferPointer<Float>, FloatImage?) throws -> Void
  ) throws {
    guard !passes.rows.isEmpty else { return }
    let saliencies = plans.saliency == nil ? [] : try backPropagate(passes.seeds, images: images)
    if let spatial = plans.spatial { try run(spatial, [.images: images], values) }
    for chunk in chunks(of: passes.rows.count, plans.rowsOfBridging) {
      var feeds = values
      let rows = passes.rows[chunk]
      feeds[plans.network.rowToImage] = try rowToImage(rows)
      if plans.saliency == nil {
        feeds[plans.network.seeds] = try seedTensor(rows.map { row in row.seeds.map { passes.seeds[$0] } })
      } else {
        feeds[plans.network.saliency] = try mix(saliencies, rows.map(\.seeds))
      }
      try run(plans.bridging, [.images: images, .rows: chunk.count], feeds)
      try decode(rows, images: images, take: take)
    }
  }

  /// From activation maps, which `values` holds for these rows, to probabilities.
  private func decode(
    _ rows: ArraySlice<LabelPasses.Row>, images: Int,
    take: (LabelPasses.Row, UnsafeMutableBufferPointer<Float>, FloatImage?) throws -> Void
  ) throws {
    let network = plans.network
    /// Runs a plan for some of the rows; `input` holds those of `held`.
    func run(_ plan: Plan, _ chunk: Range<Int>, _ input: ValueID, of held: Range<Int>) throws {
      var feeds = values
      feeds[input] = try values[input]?.rows(chunk.lowerBound - held.lowerBound..<chunk.upperBound - held.lowerBound)
      feeds[network.rowToImage] = try rowToImage(rows[chunk])
      try self.run(plan, [.images: images, .rows: chunk.count], feeds)
    }
    func takeAll(_ chunk: Range<Int>) throws {
      guard let all = try values[network.probabilities]?.elements(Float.self) else { return }
      let width = all.count / chunk.count
      for (position, row) in chunk.enumerated() {
        let range = position * width..<(position + 1) * width
        try take(
          rows[row], UnsafeMutableBufferPointer(rebasing: all[range]), try activation(row - rows.startIndex))
      }
    }
    let all = rows.indices
    for chunk in chunks(of: rows.count, plans.decoder == nil ? rows.count : plans.rowsOfDecoder) {
      let chunk = all.lowerBound + chunk.lowerBound..<all.lowerBound + chunk.upperBound
      if let decoder = plans.decoder { try run(decoder, chunk, network.activation, of: all) }
      guard let (input, plan) = plans.finest else {
        try takeAll(chunk)
        continue
      }
      for row in chunk {
        try run(plan, row..<row + 1, input, of: plans.decoder == nil ? all : chunk)
        try takeAll(row..<row + 1)
      }
    }
  }

  private func run(_ plan: Plan, _ batch: [BatchDimension: Int], _ feeds: [ValueID: Tensor]) throws {
    try execution.run(plan, batch: batch, feeds: feeds, parameters: model.parameters, results: &values)
  }

  private func chunks(of count: Int, _ length: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
  }

  private func rowToImage(_ rows: ArraySlice<LabelPasses.Row>) throws -> Tensor {
    try Tensor(rows.map { Int32($0.image) }, shape: [rows.count])
  }

  private func activation(_ row: Int) throws -> FloatImage? {
    guard settings.activationMaps, let tensor = values[plans.network.activation] else { return nil }
    let all = try tensor.elements(Float.self)
    let width = all.count / tensor.shape[0]
    return try FloatImage(
      width: tensor.shape[3], height: tensor.shape[2], channels: tensor.shape[1],
      values: Array(all[(row * width)..<((row + 1) * width)]))
  }

  /// pool5-bp of each seed.
  private func backPropagate(_ seeds: [LabelPasses.Seed], images: Int) throws -> [[Float]] {
    guard let plan = plans.saliency else { return [] }
    return try chunks(of: seeds.count, plans.rowsOfBridging).flatMap { range -> [[Float]] in
      let chunk = seeds[range]
      var feeds = values
      feeds[plans.network.seeds] = try seedTensor(chunk.map { [$0] })
      feeds[plans.network.seedToImage] = try Tensor(chunk.map { Int32($0.image) }, shape: [chunk.count])
      try run(plan, [.images: images, .seeds: chunk.count], feeds)
      return try rows(of: plans.network.seedSaliency)
    }
  }

  private func seedTensor(_ rows: [[LabelPasses.Seed]]) throws -> Tensor {
    let classes = model.description.classes
    let tensor = try Tensor(zeros: [rows.count, classes, 1, 1])
    let elements = try tensor.elements(Float.self)
    for (row, seeds) in rows.enumerated() {
      for seed in seeds { elements[row * classes + seed.classIndex] = seed.value }
    }
    return tensor
  }

  private func mix(_ saliencies: [[Float]], _ rows: [[Int]]) throws -> Tensor {
    let width = saliencies[0].count
    let shape = plans.network.graph[plans.network.saliency].type.shape
    let tensor = try Tensor(zeros: [rows.count] + shape.dropFirst())
    let elements = try tensor.elements(Float.self)
    for (row, seeds) in rows.enumerated() {
      for seed in seeds {
        for index in 0..<width { elements[row * width + index] += saliencies[seed][index] }
      }
    }
    return tensor
  }
}
