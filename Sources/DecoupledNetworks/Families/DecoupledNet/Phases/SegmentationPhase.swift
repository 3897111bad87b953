import DecoupledBase
import DecoupledVision

/// Phase 2 (paper, section 4.4): trains bridging layers and segmentation network on the strong images; the classification
/// network stays as it is. Items with masks are used.
struct SegmentationPhase: Phase {
  let name = "segmentation"
  let summary = "Phase 2: learn to segment one class at a time from few masks."
  let drawn: Set<NetworkPart> = .segmentation
  let required: Set<NetworkPart> = .classification

  func graph(
    _ description: NetworkDescription, batch: Int, dropout: Bool, frozen: (String) -> Bool
  ) throws -> TrainingGraph {
    try .segmentation(description, batch: batch, frozen: frozen)
  }

  func batches(_ dataset: Dataset, _ run: PhaseRun<SegmentationSettings>) throws -> any BatchSource {
    try batches(dataset, run, size: run.settings.solver.batchSize, seed: run.settings.seed, run.settings.cropping)
  }

  private func batches(
    _ dataset: Dataset, _ run: PhaseRun<SegmentationSettings>, size: Int, seed: UInt64, _ cropping: CroppingSettings
  ) throws -> SegmentationBatches {
    try SegmentationBatches(
      dataset, model: run.model, cropping: cropping, augmentation: run.settings.augmentation, batchSize: size,
      seed: seed, proposals: run.proposals, cacheBytes: run.cacheBytes)
  }

  /// Crops that are the same at every evaluation.
  func evaluation(_ validation: Dataset, _ run: PhaseRun<SegmentationSettings>) throws -> (any PhaseEvaluation)? {
    var fixed = run.settings.cropping
    fixed.windowsPerSubset = 1
    let source = try batches(
      validation, run, size: run.settings.solver.batchSize,
      seed: CounterRandom.hash("held out", seed: run.settings.seed), fixed)
    return try SegmentationEvaluation(run.model, source: source, backend: run.backend, execution: run.execution)
  }

  func ending(_ dataset: Dataset, _ run: PhaseRun<SegmentationSettings>) throws -> (any PhaseEnding)? {
    let settings = run.settings.conversion
    guard settings.batches > 0 else { return nil }
    // Training-style samples that are not those of training, drawn from another seed.
    let source = try batches(
      dataset, run, size: settings.batchSize, seed: CounterRandom.hash("conversion", seed: run.settings.seed),
      run.settings.cropping)
    return try StatisticsConversion(
      run.model.description, source: source, settings: settings, backend: run.backend, execution: run.execution)
  }
}
