import DecoupledBase
import DecoupledCore
import DecoupledVision

/// The inference procedure of DecoupledNet (steps 1 to 5 of the released one): the classification network once for each image,
/// then a label pass for each identified class and one for all of them.
final class DecoupledInference: InferenceProcedure {
  let canSegment: Bool
  private let model: Model
  private let settings: PredictionSettings
  private let execution: Execution
  private let plans: PredictionPlans
  /// Results of earlier runs, whose memory is used again.
  private var values: [ValueID: Tensor] = [:]

  init(_ model: Model, settings: PredictionSettings, backend: Backend, execution: Execution) throws {
    self.model = model
    self.settings = settings
    self.execution = execution
    plans = try PredictionPlans(model, settings: settings, backend: backend)
    // Now rather than with the first image, for which somebody waits: asking takes as long as a small network.
    canSegment = model.has(.all)
    for plan in [plans.classification] + (canSegment ? plans.segmentation : []) {
      try execution.pack(plan, parameters: model.parameters)
    }
  }

  func classify(_ inputs: [[Float]]) throws -> [[Float]] {
    let size = model.description.inputSize
    let batch = try Tensor(inputs.flatMap { $0 }, shape: [inputs.count, 3, size, size])
    try run(plans.classification, [.images: inputs.count], [plans.network.image: batch])
    return try rows(of: plans.network.classification.scores)
  }

  private func rows(of value: ValueID) throws -> [[Float]] {
    guard let tensor = values[value] else { throw EngineError(.internal, "A value of the network was not kept.") }
    let all = try tensor.elements(Float.self)
    let width = all.count / max(1, tensor.shape[0])
    return (0..<tensor.shape[0]).map { Array(all[($0 * width)..<(($0 + 1) * width)]) }
  }

  func segment(scores: [[Float]], labels: [[Int]?]) throws -> [SegmentedImage] {
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
    var maps = scores.map { _ in ScoreMaps(size: model.description.inputSize, dividesBySum: true) }
    var activations: [[Int: FloatImage]] = scores.map { _ in [:] }
    try run(passes, images: scores.count) { row, probabilities, activation in
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
    return scores.indices.map { image in
      SegmentedImage(
        identified: identified[image], maps: maps[image],
        activationMaps: identified[image].compactMap { activations[image][$0] })
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
    for chunk in passes.rows.count.chunks(of: plans.rowsOfBridging) {
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
    for chunk in rows.count.chunks(of: plans.decoder == nil ? rows.count : plans.rowsOfDecoder) {
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
    return try seeds.count.chunks(of: plans.rowsOfBridging).flatMap { range -> [[Float]] in
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
