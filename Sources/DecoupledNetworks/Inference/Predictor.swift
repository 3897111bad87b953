import DecoupledBase
import DecoupledCore
import DecoupledVision

/// Predicts images with a model of any family. Belongs to one thread at a time; the model may be shared.
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
  private let procedure: any InferenceProcedure
  /// The scores of the images that were classified last.
  private var lastScores: [[Float]] = []

  /// - Throws: when the model lacks weights, its family cannot give what the settings ask for, or the backend cannot run it.
  ///   A model whose last phase has not been trained can still classify.
  public init(_ model: Model, backend: Backend, control: RunControl, settings: PredictionSettings = .init()) throws {
    try settings.check()
    let family = try Families.of(model.description)
    for part in settings.parts where !family.gives.contains(part) {
      throw EngineError(.unsupported, "A network of the family '\(family.tag)' has no \(part.rawValue).")
    }
    try model.require(.classification)
    self.model = model
    self.backend = backend
    self.control = control
    self.settings = settings
    execution = Execution(control)
    procedure = try family.procedure(model, settings: settings, backend: backend, execution: execution)
  }

  /// The score of each class for each image: what decides which classes are segmented.
  public func scores(_ images: [RGBImage]) throws -> [[Float]] {
    try images.count.chunks(of: settings.imagesPerBatch).flatMap { batch -> [[Float]] in
      try classify(Array(images[batch]))
    }
  }

  /// Segments images of any size.
  /// - Parameter labels: for each image the classes to segment (any order), or nil to take those above the threshold;
  ///   an empty list stands for all images nil.
  public func predict(_ images: [RGBImage], labels: [[Int]?] = []) throws -> [Prediction] {
    try requireSegmentation()
    if !labels.isEmpty { try check(labels, images: images.count) }
    return try images.count.chunks(of: settings.imagesPerBatch).flatMap { batch -> [Prediction] in
      let images = Array(images[batch])
      let given = labels.isEmpty ? [[Int]?](repeating: nil, count: batch.count) : Array(labels[batch])
      return try segment(images, scores: classify(images), labels: given)
    }
  }

  /// Segments the images of the last call once more, for other classes: they are not classified again.
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

  private func requireSegmentation() throws {
    if !procedure.canSegment { try model.require(.all) }
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

  private func classify(_ images: [RGBImage]) throws -> [[Float]] {
    let description = model.description
    lastScores = []
    let scores = try procedure.classify(
      images.map { try description.preprocessing.inferenceInput($0, size: description.inputSize) })
    guard scores.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw EngineError(.numeric, "The classification network gives scores that are not numbers; the model is damaged.")
    }
    lastScores = scores
    return scores
  }

  private func segment(_ images: [RGBImage], scores: [[Float]], labels: [[Int]?]) throws -> [Prediction] {
    let found = try procedure.segment(scores: scores, labels: labels)
    return try images.indices.map { index in
      let maps = found[index].maps
      return Prediction(
        scores: scores[index], identified: found[index].identified,
        labelMap: try maps.labelMap(
          of: images[index], refinements: settings.refinements.map(\.refinement), control: control),
        foregroundMaps: settings.foregroundMaps ? try maps.foregroundMaps(of: images[index], pool: control.pool) : [],
        activationMaps: found[index].activationMaps)
    }
  }
}

extension Int {
  /// 0..<self in pieces of a length.
  func chunks(of length: Int) -> [Range<Int>] {
    stride(from: 0, to: self, by: length).map { $0..<Swift.min($0 + length, self) }
  }
}

extension PredictionSettings {
  /// What predictions hold besides scores and label map.
  var parts: [PredictionPart] {
    (foregroundMaps ? [.foregroundMaps] : []) + (activationMaps ? [.activationMaps] : [])
  }
}
