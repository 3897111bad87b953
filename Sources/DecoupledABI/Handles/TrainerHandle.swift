import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledProposals
import DecoupledVision
import FoundationEssentials
import Synchronization

/// A training run of one phase.
final class TrainerHandle: HandleObject, @unchecked Sendable {
  static let noun = "trainer"

  /// What the caller is told, and its wish to stop.
  typealias Progress = (dcn_progress) -> Bool

  let control: RunControl
  let caller = OneCaller()
  /// Finished iterations, for other threads.
  let iteration = Atomic<Int>(0)
  private let initial: ModelHandle
  private let trainer: Trainer
  /// Place of the phase in its family, from 1.
  private let number: Int
  private var isFinished = false

  /// What the caller's options ask for.
  struct Choice {
    var engine: EngineChoice
    var settings = "{}"
    var prediction = "{}"
    var options = TrainingOptions(proposals: EdgeBoxesSource())
    var run: RunDirectory?
    var wholeImages = false
  }

  init(_ model: ModelHandle, phase: String, dataset: Dataset, validation: Dataset?, _ choice: Choice) throws {
    initial = model
    let backend = try choice.engine.open()
    let control = RunControl(threads: choice.engine.threads)
    self.control = control
    let family = try Families.of(model.model.description)
    let settings = try family.phase(phase).settings(json: choice.settings)
    let prediction = try JSONDecoder().decode(PredictionSettings.self, from: Data(choice.prediction.utf8))
    number = (family.phases.firstIndex { $0.name == phase } ?? 0) + 1
    trainer = try model.share { given in
      var start = given
      if let run = choice.run, run.canResume { start = try run.modelToResume() }
      return try Trainer(
        phase, start, dataset: dataset, validation: validation, settings: settings, options: choice.options,
        run: choice.run, backend: backend, control: control,
        meanIntersectionOverUnion: choice.wholeImages
          ? validation.map {
            Evaluation.meanIntersectionOverUnion(on: $0, prediction: prediction, backend: backend, control: control)
          } : nil)
    }
    iteration.store(trainer.iteration, ordering: .relaxed)
  }

  /// - Throws: `cancelled` when it was stopped.
  func run(_ progress: @escaping Progress) throws {
    control.reset()
    let outcome = try initial.reading {
      try trainer.train { told in
        if let record = told.record { iteration.store(record.iteration, ordering: .relaxed) }
        return progress(Self.progress(told, number))
      }
    }
    if outcome.wasCancelled { throw EngineError.cancelled }
    isFinished = true
  }

  /// The finished model, or a copy of the weights as they are.
  func model() throws -> Model {
    if isFinished, let finished = trainer.finished { return finished }
    let current = trainer.model
    let copies = ParameterStore()
    for name in current.parameters.names {
      guard let tensor = current.parameters[name] else { continue }
      // What the trainer shares with the model it began with is not trained.
      let isShared = initial.model.parameters[name]?.storage === tensor.storage
      copies[name] = isShared ? tensor : try tensor.copy()
    }
    return try Model(current.description, classNames: current.classNames, parameters: copies)
  }

  private static func unmeasured(_ phase: Int, _ stage: Int) -> dcn_progress {
    var told = dcn_progress()
    told.struct_size = UInt32(MemoryLayout<dcn_progress>.size)
    told.phase = Int32(phase)
    told.stage = Int32(stage)
    for number in [
      \dcn_progress.loss, \.smoothed_loss, \.learning_rate, \.gradient_norm, \.images_per_second, \.remaining_seconds,
      \.validation_loss, \.mean_average_precision, \.pixel_accuracy, \.foreground_iou, \.mean_iou,
    ] { told[keyPath: number] = .nan }
    return told
  }

  private static func progress(_ progress: TrainingProgress, _ phase: Int) -> dcn_progress {
    switch progress {
    case .ending(let ending):
      var told = unmeasured(phase, DCN_STAGE_CONVERSION)
      told.iteration = Int64(ending.done)
      told.maximum_iterations = Int64(ending.of)
      return told
    case .iteration(let iteration):
      var told = unmeasured(phase, DCN_STAGE_TRAINING)
      let record = iteration.record
      told.iteration = Int64(record.iteration)
      told.maximum_iterations = Int64(iteration.maximumIterations)
      told.loss = record.loss
      told.smoothed_loss = record.smoothedLoss
      told.learning_rate = record.learningRate
      told.gradient_norm = record.gradientNorm
      told.images_per_second = record.imagesPerSecond
      told.remaining_seconds = iteration.remainingSeconds
      guard let evaluation = record.evaluation else { return told }
      told.validation_loss = evaluation.loss ?? .nan
      told.mean_average_precision = evaluation.meanAveragePrecision ?? .nan
      told.pixel_accuracy = evaluation.pixelAccuracy ?? .nan
      told.foreground_iou = evaluation.foregroundIntersectionOverUnion ?? .nan
      told.mean_iou = evaluation.meanIntersectionOverUnion ?? .nan
      return told
    }
  }
}
