import DecoupledBase
import DecoupledCore
import DecoupledVision

/// Segments images: what an evaluation needs of a predictor.
public protocol ImageSegmenter {
  /// - Parameter labels: for each image the classes to segment, as indices of the model, or nil to let it decide.
  /// - Returns: for each image the score of each class, and a label map of the image's size (0 background, c + 1 class c).
  func segment(_ images: [RGBImage], labels: [[Int]?]) throws -> [(scores: [Float], labelMap: LabelMap)]
}

/// Measures a predictor on a data set: confusion matrix over all images with a mask, average precision over all images with
/// labels.
public struct Evaluation {
  public struct Options: Sendable {
    /// Gives the image-level labels of the data set to the predictor, so that only the segmentation network is measured.
    public var trueLabels = false
    /// Images given to the predictor at a time.
    public var imagesPerCall = 8

    public init() {}
  }

  private let classNames: [String]
  private let mapping: ClassMapping
  private let dataset: Dataset
  private let options: Options

  /// - Parameter classNames: the model's; the data set's classes are matched with them by name.
  /// - Throws: `invalidArgument` when nothing can be measured or true labels are asked for where there are none.
  public init(_ dataset: Dataset, classNames: [String], options: Options = .init()) throws {
    mapping = try ClassMapping(dataset.classes, model: classNames)
    let items = dataset.items.filter { $0.maskPath != nil || $0.imageLabels != nil }
    guard !items.isEmpty else {
      throw EngineError(.invalidArgument, "No image of the set has a mask or labels to compare with.")
    }
    if options.trueLabels, let item = items.first(where: { $0.imageLabels == nil }) {
      throw EngineError(
        .invalidArgument,
        "True labels were asked for, but '\(item.id)' has no image-level labels; add them to the lists.")
    }
    self.dataset = Dataset(classes: dataset.classes, items: items)
    self.classNames = classNames
    self.options = options
  }

  /// Segments and compares all images.
  /// - Parameter progress: called with the number of images done and their total; false cancels.
  /// - Throws: `cancelled`, or what reading and predicting throw.
  public func run(
    _ segmenter: any ImageSegmenter, progress: (_ done: Int, _ of: Int) -> Bool = { _, _ in true }
  ) throws -> EvaluationResult {
    let classes = try ClassList(classNames, from: "The model")
    var matrix = try ConfusionMatrix(classCount: classNames.count + 1)
    var precision = AveragePrecision(classes: classes)
    var masks = 0
    let items = dataset.items
    for start in stride(from: 0, to: items.count, by: max(options.imagesPerCall, 1)) {
      let chunk = Array(items[start..<min(start + max(options.imagesPerCall, 1), items.count)])
      let entries = try chunk.map { try $0.read() }
      let found = try segmenter.segment(entries.map(\.image), labels: chunk.map(given))
      guard found.count == chunk.count else {
        throw EngineError(.internal, "The predictor gave \(found.count) results for \(chunk.count) images.")
      }
      for ((item, entry), result) in zip(zip(chunk, entries), found) {
        if let mask = entry.mask {
          let truth = try mapping.mask(mask, name: item.id)
          try matrix.accumulate(truth: truth, prediction: result.labelMap, name: item.id)
          masks += 1
        }
        if let labels = item.imageLabels {
          try precision.add(
            scores: result.scores, labels: mapping.labels(labels),
            difficult: item.difficult.isEmpty ? [] : mapping.labels(item.difficult), name: item.id)
        }
      }
      if !progress(start + chunk.count, items.count) { throw EngineError.cancelled }
    }
    return EvaluationResult(
      images: items.count, masks: masks, labelled: precision.imageCount, trueLabels: options.trueLabels,
      confusion: matrix, segmentation: masks > 0 ? try SegmentationScores(matrix, classes: classes) : nil,
      classNames: classNames, averagePrecision: precision.imageCount > 0 ? precision.perClass() : [])
  }

  /// Measures the mean IoU of models on the whole images of a set, 0...1.
  public static func meanIntersectionOverUnion(
    on dataset: Dataset, prediction: PredictionSettings = .init(), backend: Backend, control: RunControl
  ) -> (Model) throws -> Double {
    { model in
      let predictor = try Predictor(model, backend: backend, control: control, settings: prediction)
      return try Evaluation(dataset, classNames: model.classNames).run(predictor).meanIntersectionOverUnion ?? 0
    }
  }

  private func given(_ item: DatasetItem) -> [Int]? {
    guard options.trueLabels, let labels = item.imageLabels else { return nil }
    return mapping.labels(labels).enumerated().filter(\.element).map(\.offset)
  }
}
