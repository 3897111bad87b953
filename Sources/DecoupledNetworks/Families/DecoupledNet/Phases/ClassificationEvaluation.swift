import DecoupledBase
import DecoupledCore
import DecoupledVision
import Glibc

/// Loss and average precision on validation images, the way images are predicted: whole, without dropout.
final class ClassificationEvaluation: PhaseEvaluation {
  private let model: Model
  private let items: [DatasetItem]
  private let labels: [[Bool]]
  private let difficult: [[Bool]]
  private let cache: ImageCache
  private let graph: TrainingGraph
  private let plan: Plan
  private let execution: Execution
  private let batch: Int

  init(
    _ model: Model, dataset: Dataset, batch: Int, backend: Backend, execution: Execution, cacheBytes: Int
  ) throws {
    let mapping = try ClassMapping(dataset.classes, model: model.classNames)
    items = dataset.labelledItems
    guard !items.isEmpty else {
      throw EngineError(.invalidArgument, "No image of the validation set has image-level labels.")
    }
    labels = items.map { mapping.labels($0.imageLabels ?? []) }
    difficult = items.map { $0.difficult.isEmpty ? [] : mapping.labels($0.difficult) }
    cache = ImageCache(items, limit: cacheBytes, masks: false)
    self.model = model
    self.batch = batch
    self.execution = execution
    graph = try TrainingGraph.classification(model.description, batch: batch, dropout: false)
    plan = try Plan(graph.graph, feeds: [graph.image], fetches: [graph.scores], backend: backend)
  }

  func run() throws -> TrainingEvaluation {
    var precision = AveragePrecision(classes: try ClassList(model.classNames, from: "The model"))
    var loss = 0.0
    for start in stride(from: 0, to: items.count, by: batch) {
      let range = start..<min(start + batch, items.count)
      for (row, index) in zip(try logits(range), range) {
        guard row.allSatisfy(\.isFinite) else {
          throw EngineError(
            .numeric, "The scores of '\(items[index].id)' are not finite; start again with a lower learning rate.")
        }
        try precision.add(scores: row, labels: labels[index], difficult: difficult[index], name: items[index].id)
        for (score, label) in zip(row, labels[index]) { loss += Self.crossEntropy(Double(score), label) }
      }
    }
    var evaluation = TrainingEvaluation()
    evaluation.loss = loss / Double(items.count)
    evaluation.meanAveragePrecision = precision.mean()
    return evaluation
  }

  /// Scores before the sigmoid; rows of the plan's batch that no image fills are dropped.
  private func logits(_ range: Range<Int>) throws -> [[Float]] {
    let (size, classes) = (model.description.inputSize, model.description.classes)
    let tensors = try BatchTensors(count: batch, classes: classes, size: size, masks: false)
    for (row, index) in range.enumerated() {
      let input = try model.description.preprocessing.inferenceInput(cache.entry(index).image, size: size)
      try tensors.set(image: input, at: row)
    }
    var results: [ValueID: Tensor] = [:]
    try execution.run(plan, feeds: [graph.image: tensors.image], parameters: model.parameters, results: &results)
    guard let values = try results[graph.scores]?.array(Float.self) else { return [] }
    return range.indices.map { row in
      let first = (row - range.lowerBound) * classes
      return Array(values[first..<(first + classes)])
    }
  }

  /// -x (t - [x >= 0]) + log(1 + exp(x - 2 x [x >= 0])), which overflows nowhere.
  private static func crossEntropy(_ x: Double, _ label: Bool) -> Double {
    max(x, 0) - (label ? x : 0) + log1p(exp(-abs(x)))
  }
}
