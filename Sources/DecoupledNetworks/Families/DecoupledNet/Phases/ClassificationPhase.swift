import DecoupledVision

/// Phase 1 (paper, section 4.1): trains the classification network on image-level labels. Every item needs labels (see
/// `LabelOrigin`); the classes of the data set are the model's, in any order.
struct ClassificationPhase: Phase {
  let name = "classification"
  let summary = "Phase 1: learn the classes from image-level labels."
  let drawn: Set<NetworkPart> = .classification
  let required: Set<NetworkPart> = []

  func graph(
    _ description: NetworkDescription, batch: Int, dropout: Bool, frozen: (String) -> Bool
  ) throws -> TrainingGraph {
    try .classification(description, batch: batch, dropout: dropout, frozen: frozen)
  }

  func batches(_ dataset: Dataset, _ run: PhaseRun<ClassificationSettings>) throws -> any BatchSource {
    let settings = run.settings
    return try ClassificationBatches(
      dataset, model: run.model, labels: settings.labels ?? .image, augmentation: settings.augmentation,
      batchSize: settings.solver.batchSize, seed: settings.seed, cacheBytes: run.cacheBytes)
  }

  func evaluation(
    _ validation: Dataset, _ run: PhaseRun<ClassificationSettings>
  ) throws -> (any PhaseEvaluation)? {
    try ClassificationEvaluation(
      run.model, dataset: validation, batch: run.settings.solver.batchSize, backend: run.backend,
      execution: run.execution, cacheBytes: run.cacheBytes)
  }

  func ending(_ dataset: Dataset, _ run: PhaseRun<ClassificationSettings>) throws -> (any PhaseEnding)? { nil }
}
