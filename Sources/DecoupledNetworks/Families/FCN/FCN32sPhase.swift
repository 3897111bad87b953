import DecoupledCore
import DecoupledVision

/// Trains FCN-32s on whole masks, per-pixel softmax over background and classes. Items with masks are used.
struct FCN32sPhase: Phase {
  let name = "fcn32s"
  let summary = "FCN-32s: learn all classes at once from masks."
  let drawn: Set<NetworkPart> = .all
  let required: Set<NetworkPart> = []

  func graph(
    _ description: NetworkDescription, batch: Int, dropout: Bool, frozen: (String) -> Bool
  ) throws -> TrainingGraph {
    try description.validate()
    var builder = LayerBuilder(description, elementType: .float32)
    let size = description.inputSize
    let image = try builder.graph.addInput("image", ValueType(.float32, [batch, 3, size, size]))
    let mask = try builder.graph.addInput("mask", ValueType(.int32, [batch, size, size]))
    let seeds = try dropout ? Heads.make(description).dropoutSeeds : []
    let seedInputs = try seeds.map { try builder.graph.addInput($0, ValueType(.int64, [1])) }
    let scores = try FCN32s.build(&builder, image: image, dropoutSeeds: seedInputs)
    let loss = try builder.graph.add1(SoftmaxCrossEntropy(), [scores, mask], name: "loss")
    // The interpolation is fixed, as in the release.
    let trained = builder.graph.parameters.map { builder.graph[$0] }
      .filter { $0.traits?.filling != .linearInterpolation && !frozen($0.name) }.map(\.id)
    return try TrainingGraph(
      builder.graph, image: image, mask: mask, dropoutSeeds: seedInputs, loss: loss, scores: scores, trained: trained)
  }

  func batches(_ dataset: Dataset, _ run: PhaseRun<FCNSettings>) throws -> any BatchSource {
    try MaskBatches(
      dataset, model: run.model, augmentation: run.settings.augmentation, batchSize: run.settings.solver.batchSize,
      seed: run.settings.seed, cacheBytes: run.cacheBytes)
  }

  func evaluation(_ validation: Dataset, _ run: PhaseRun<FCNSettings>) throws -> (any PhaseEvaluation)? { nil }

  func ending(_ dataset: Dataset, _ run: PhaseRun<FCNSettings>) throws -> (any PhaseEnding)? { nil }
}
