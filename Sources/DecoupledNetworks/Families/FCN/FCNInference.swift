import DecoupledBase
import DecoupledCore

/// One pass for each image gives the probabilities of background and all classes for each pixel. A class's score is its largest
/// probability; a class is identified when it is the largest somewhere and its score lies above the threshold.
final class FCNInference: InferenceProcedure {
  let canSegment: Bool
  private let model: Model
  private let settings: PredictionSettings
  private let execution: Execution
  private let network: FCNPredictionGraph
  private let plan: Plan
  /// Results of earlier runs, whose memory is used again.
  private var values: [ValueID: Tensor] = [:]

  init(_ model: Model, settings: PredictionSettings, backend: Backend, execution: Execution) throws {
    self.model = model
    self.settings = settings
    self.execution = execution
    network = try FCNPredictionGraph(model.description, images: settings.imagesPerBatch)
    plan = try Plan(
      network.graph, feeds: [network.image], fetches: [network.probabilities],
      halfParameters: model.parameters.halfNames, backend: backend)
    canSegment = model.has(.all)
    if canSegment { try execution.pack(plan, parameters: model.parameters) }
  }

  func classify(_ inputs: [[Float]]) throws -> [[Float]] {
    // The scores come from the pixels: without the interpolation there are none.
    if !canSegment { try model.require(.all) }
    let size = model.description.inputSize
    let batch = try Tensor(inputs.flatMap { $0 }, shape: [inputs.count, 3, size, size])
    try execution.run(
      plan, batch: [.images: inputs.count], feeds: [network.image: batch], parameters: model.parameters,
      results: &values)
    return try inputs.indices.map { image in
      try (0..<model.description.classes).map { try plane(image, $0 + 1).max() ?? 0 }
    }
  }

  func segment(scores: [[Float]], labels: [[Int]?]) throws -> [SegmentedImage] {
    try scores.indices.map { image in
      let identified =
        try labels[image].map { Array(Set($0)).sorted() }
        ?? winners(image).filter { scores[image][$0] > settings.threshold }
      // Divided by their sum: the softmax over background and the identified classes alone.
      var maps = ScoreMaps(size: model.description.inputSize, dividesBySum: true)
      for label in [0] + identified.map({ $0 + 1 }) { maps.append(UInt8(label), Array(try plane(image, label))) }
      return SegmentedImage(identified: identified, maps: maps)
    }
  }

  /// The classes that are the largest of all at some pixel, ascending.
  private func winners(_ image: Int) throws -> [Int] {
    let planes = try (0...model.description.classes).map { try plane(image, $0) }
    var wins = [Bool](repeating: false, count: planes.count)
    for pixel in 0..<planes[0].count {
      var best = 0
      for map in 1..<planes.count where planes[map][pixel] > planes[best][pixel] { best = map }
      wins[best] = true
    }
    return (1..<planes.count).filter { wins[$0] }.map { $0 - 1 }
  }

  /// The probabilities of background (0) or class `label` - 1.
  private func plane(_ image: Int, _ label: Int) throws -> UnsafeMutableBufferPointer<Float> {
    guard let all = try values[network.probabilities]?.elements(Float.self) else {
      throw EngineError(.internal, "The probabilities were not kept.")
    }
    let pixels = model.description.inputSize * model.description.inputSize
    let first = (image * (model.description.classes + 1) + label) * pixels
    return UnsafeMutableBufferPointer(rebasing: all[first..<(first + pixels)])
  }
}
