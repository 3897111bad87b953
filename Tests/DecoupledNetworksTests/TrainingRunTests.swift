import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import FoundationEssentials
import Testing

/// Runs as a whole: resuming, threads, checkpoints, refusals.
struct TrainingRunTests {
  private let shapes: ShapesFixture
  private let backend: Backend

  init() throws {
    shapes = try ShapesFixture()
    backend = try BackendSearch.open("reference")
  }

  private func options(every: Int = 3) -> TrainingOptions {
    var options = TrainingOptions()
    options.checkpointEvery = every
    options.evaluateEvery = every
    return options
  }

  private func classifier(
    _ run: RunDirectory?, iterations: Int = 6, threads: Int = 1, model: Model? = nil, rate: Double = 0.01
  ) throws -> Trainer {
    let solver = ShapesFixture.solver(iterations: iterations, batchSize: 2, iterSize: 2, rate: rate)
    return try Trainer(
      "classification", model ?? ShapesFixture.model(), dataset: shapes.dataset, validation: shapes.dataset,
      settings: ShapesFixture.classification(solver), options: options(), run: run, backend: backend,
      control: RunControl(threads: threads))
  }

  private func classified() throws -> Model {
    let model = try ShapesFixture.model()
    try model.fill(.classification, seed: 5)
    return model
  }

  private func segmenter(
    _ run: RunDirectory?, iterations: Int = 6, threads: Int = 1, model: Model
  ) throws -> Trainer {
    let solver = ShapesFixture.solver(iterations: iterations, batchSize: 2, iterSize: 2)
    return try Trainer(
      "segmentation", model, dataset: shapes.dataset, validation: shapes.dataset,
      settings: ShapesFixture.segmentation(solver),
      options: options(), run: run, backend: backend, control: RunControl(threads: threads))
  }

  @Test func classificationResumesBitForBit() throws {
    let whole = try classifier(nil)
    _ = try whole.train()
    // Cancelled between checkpoints, then resumed in a new trainer from what is on disk.
    let first = try classifier(try RunDirectory(shapes.folder + "/run"))
    let outcome = try first.train { $0.record.map { $0.iteration < 4 } ?? true }
    #expect(outcome.wasCancelled && outcome.iterations == 4)
    let run = try RunDirectory(shapes.folder + "/run", existing: .resume)
    let second = try classifier(run, model: try run.modelToResume())
    #expect(second.iteration == 4)
    _ = try second.train()
    #expect(try second.model.bits() == whole.model.bits())
    #expect(try run.records().map(\.iteration) == [1, 2, 3, 4, 5, 6])
    #expect(try ModelFile.open(run.finalModel).bits() == whole.model.bits())
  }

  @Test func segmentationResumesBitForBit() throws {
    let model = try classified()
    let whole = try segmenter(nil, model: model)
    _ = try whole.train()
    let first = try segmenter(try RunDirectory(shapes.folder + "/run"), model: model)
    _ = try first.train { $0.record.map { $0.iteration < 4 } ?? true }
    let run = try RunDirectory(shapes.folder + "/run", existing: .resume)
    let second = try segmenter(run, model: try run.modelToResume())
    #expect(second.iteration == 4)
    _ = try second.train()
    #expect(try second.model.bits() == whole.model.bits())
    #expect(try second.finished?.bits() == whole.finished?.bits())
    #expect(try second.finished?.bits() != second.model.bits())
  }

  /// A stop during an evaluation leaves no gap in the records: resuming makes up for it.
  @Test func anEvaluationThatWasStoppedIsMadeUpFor() throws {
    let model = try classified()
    var stops = true
    func trainer(_ run: RunDirectory, _ start: Model) throws -> Trainer {
      let solver = ShapesFixture.solver(iterations: 6, batchSize: 2)
      return try Trainer(
        "segmentation", start, dataset: shapes.dataset, validation: nil, settings: ShapesFixture.segmentation(solver),
        options: options(), run: run, backend: backend, control: RunControl(threads: 1),
        meanIntersectionOverUnion: { _ in
          if stops { throw EngineError(.cancelled, "stopped") }
          return 0.25
        })
    }
    let outcome = try trainer(try RunDirectory(shapes.folder + "/run"), model).train()
    #expect(outcome.wasCancelled && outcome.iterations == 3)
    stops = false
    let run = try RunDirectory(shapes.folder + "/run", existing: .resume)
    _ = try trainer(run, try run.modelToResume()).train()
    #expect(try run.records().map(\.iteration) == [1, 2, 3, 4, 5, 6])
    #expect(try run.records().map { $0.evaluation?.meanIntersectionOverUnion } == [nil, nil, 0.25, nil, nil, 0.25])
  }

  /// Other weights or another starting point than the run began with are refused by name.
  @Test func resumingFromAnotherOriginIsRefused() throws {
    func trainer(_ run: RunDirectory, _ origin: TrainingOrigin?) throws -> Trainer {
      try Trainer(
        "classification", ShapesFixture.model(), dataset: shapes.dataset,
        settings: ShapesFixture.classification(ShapesFixture.solver(iterations: 2)), origin: origin, run: run,
        backend: backend, control: RunControl(threads: 1))
    }
    let folder = shapes.folder + "/run"
    _ = try trainer(try RunDirectory(folder), TrainingOrigin(weights: "/a/trunk.safetensors")).train()
    let run = try RunDirectory(folder, existing: .resume)
    _ = try trainer(run, TrainingOrigin(weights: "/b/trunk.safetensors"))
    let error = #expect(throws: EngineError.self) { try trainer(run, TrainingOrigin(weights: "other.safetensors")) }
    #expect(error?.message.contains("origin.weights") == true)
  }

  /// Killed at any moment: the state on disk is that of a checkpoint, even when the model beside it is newer.
  @Test func stateSurvivesAKillBetweenItsFiles() throws {
    let folder = shapes.folder + "/run"
    let first = try classifier(try RunDirectory(folder))
    _ = try first.train { $0.record.map { $0.iteration < 3 } ?? true }
    let run = try RunDirectory(folder, existing: .resume)
    let state = try FileAccess.read(run.trainingState)
    // A later model, an unfinished temporary file and a cut line of metrics: what a kill in the next checkpoint leaves.
    let second = try classifier(run, model: try run.modelToResume())
    _ = try second.train { $0.record.map { $0.iteration < 5 } ?? true }
    try FileAccess.write(state, to: run.trainingState)
    try FileAccess.write(Array(state.prefix(100)), to: run.trainingState + ".123.7.part")
    try FileAccess.write(
      text: try FileAccess.readLines(run.metricsLines).joined(separator: "\n") + "\n{\"iteration\": 6, \"lo",
      to: run.metricsLines)
    #expect(try RunDirectory(folder, existing: .resume) == run)
    #expect(try FileAccess.names(in: folder).allSatisfy { !$0.hasSuffix(".part") })
    let third = try classifier(run, model: try run.modelToResume())
    #expect(third.iteration == 3)
    _ = try third.train()
    let whole = try classifier(nil)
    _ = try whole.train()
    #expect(try third.model.bits() == whole.model.bits())
    #expect(try run.records().map(\.iteration) == [1, 2, 3, 4, 5, 6])
  }

  @Test func aDamagedStateIsRefused() throws {
    let run = try RunDirectory(shapes.folder + "/run")
    _ = try classifier(run, iterations: 1).train()
    let bytes = try FileAccess.read(run.trainingState)
    try FileAccess.write(Array(bytes.prefix(bytes.count - 5)), to: run.trainingState)
    #expect { try classifier(run, iterations: 1) } throws: { error in
      (error as? EngineError)?.status == .format && "\(error)".contains(run.trainingState)
    }
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() throws {
    let model = try classified()
    let one = try segmenter(nil, iterations: 3, threads: 1, model: model)
    let two = try segmenter(nil, iterations: 3, threads: 2, model: model)
    _ = try one.train()
    _ = try two.train()
    #expect(try one.model.bits() == two.model.bits())
    #expect(try one.finished?.bits() == two.finished?.bits())
  }

  @Test func otherSettingsAreRefused() throws {
    let folder = shapes.folder + "/run"
    _ = try classifier(try RunDirectory(folder), iterations: 2).train()
    #expect { try RunDirectory(folder) } throws: { ($0 as? EngineError)?.status == .state }
    let run = try RunDirectory(folder, existing: .resume)
    #expect { try classifier(run, iterations: 2, rate: 0.02) } throws: { error in
      "\(error)".contains("base_learning_rate = 0.01, not 0.02")
    }
    #expect { try classifier(run, iterations: 1) } throws: { "\($0)".contains("maximum_iterations") }
    #expect { try segmenter(run, model: try classified()) } throws: { "\($0)".contains("phase 'classification'") }
    let more = try classifier(run, iterations: 4, model: try run.modelToResume())
    #expect(try more.train().iterations == 4)
    let again = try RunDirectory(folder, existing: .overwrite)
    #expect(!again.canResume && FileAccess.isFolder(folder))
  }

  @Test func aLossThatIsNoNumberEndsTheRunAndKeepsTheCheckpoint() throws {
    let run = try RunDirectory(shapes.folder + "/run")
    let trainer = try classifier(run, iterations: 60, rate: 1e6)
    let before = try trainer.model.bits()
    #expect { try trainer.train() } throws: { error in
      (error as? EngineError)?.status == .numeric && "\(error)".contains("iteration")
        && "\(error)".contains("learning rate")
    }
    let kept = try ModelFile.open(run.lastModel)
    let values = try kept.parameters.names.flatMap { try kept.parameters[$0]?.array(Float.self) ?? [] }
    #expect(values.allSatisfy { $0.isFinite })
    #expect(before.count == kept.parameters.names.count)
  }

  /// A full disk, imitated by a folder in the file's place: the training ends with a sentence, the earlier state stays.
  @Test func aWriteThatFailsKeepsTheEarlierState() throws {
    let run = try RunDirectory(shapes.folder + "/run")
    let trainer = try classifier(run)
    let state = try FileAccess.read(run.trainingState)
    try FileManager.default.removeItem(atPath: run.lastModel)
    try FileAccess.makeFolder(run.lastModel)
    #expect { try trainer.train() } throws: { "\($0)".contains(run.lastModel) }
    #expect(try FileAccess.read(run.trainingState) == state)
  }

  @Test func missingLabelsAreNamed() throws {
    let items = shapes.dataset.items.enumerated().map { index, item in
      DatasetItem(id: item.id, imagePath: item.imagePath, imageLabels: index == 3 ? nil : item.imageLabels)
    }
    let dataset = Dataset(classes: shapes.dataset.classes, items: items)
    #expect {
      try ClassificationBatches(dataset, model: ShapesFixture.model(), batchSize: 2, seed: 1)
    } throws: { "\($0)".contains("shape-3") }
    #expect {
      try SegmentationBatches(dataset, model: ShapesFixture.model(), batchSize: 2, seed: 1)
    } throws: { "\($0)".contains("mask") }
  }

  @Test func aPhotoThatDisappearsEndsTheRunWithItsName() throws {
    try FileManager.default.removeItem(atPath: shapes.dataset.items[5].imagePath)
    let trainer = try Trainer(
      "classification", ShapesFixture.model(), dataset: shapes.dataset,
      settings: ShapesFixture.classification(ShapesFixture.solver(iterations: 8)), backend: backend,
      control: RunControl(threads: 1))
    #expect { try trainer.train() } throws: { "\($0)".contains(shapes.dataset.items[5].imagePath) }
  }
}
