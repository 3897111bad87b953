import CDecoupled
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import FoundationEssentials
import Synchronization

/// A training run of either phase.
final class TrainerHandle: HandleObject, @unchecked Sendable {
  static let noun = "trainer"

  private enum Trainer {
    case classification(ClassificationTrainer)
    case segmentation(SegmentationTrainer, conversionBatches: Int)
  }

  /// What the caller is told, and its wish to stop.
  typealias Progress = (dcn_progress) -> Bool

  let control: RunControl
  let caller = OneCaller()
  /// Finished iterations, for other threads.
  let iteration = Atomic<Int>(0)
  private let initial: ModelHandle
  private let trainer: Trainer
  private var isFinished = false

  /// What the caller's options ask for.
  struct Choice {
    var engine: EngineChoice
    var settings = "{}"
    var prediction = "{}"
    var options = TrainingOptions()
    var run: RunDirectory?
    var wholeImages = false
  }

  init(_ model: ModelHandle, phase: Int32, dataset: Dataset, validation: Dataset?, _ choice: Choice) throws {
    initial = model
    let backend = try choice.engine.open()
    let control = RunControl(threads: choice.engine.threads)
    self.control = control
    let settings = Data(choice.settings.utf8)
    trainer = try model.share { given in
      var start = given
      if let run = choice.run, run.canResume { start = try run.modelToResume() }
      if Int(phase) == DCN_PHASE_CLASSIFICATION {
        return .classification(
          try ClassificationTrainer(
            start, dataset: dataset, validation: validation,
            settings: try JSONDecoder().decode(ClassificationSettings.self, from: settings), options: choice.options,
            run: choice.run, backend: backend, control: control))
      }
      guard Int(phase) == DCN_PHASE_SEGMENTATION else {
        throw EngineError(.invalidArgument, "There is no phase \(phase); use one of the DCN_PHASE_ values.")
      }
      let decoded = try JSONDecoder().decode(SegmentationSettings.self, from: settings)
      let prediction = try JSONDecoder().decode(PredictionSettings.self, from: Data(choice.prediction.utf8))
      let measure = { (model: Model, set: Dataset) throws -> Double in
        let predictor = try Predictor(model, backend: backend, control: control, settings: prediction)
        return try Evaluation(set, classNames: model.classNames).run(predictor).meanIntersectionOverUnion ?? 0
      }
      let wholeImages = choice.wholeImages ? validation : nil
      return .segmentation(
        try SegmentationTrainer(
          start, dataset: dataset, validation: validation, settings: decoded, options: choice.options, run: choice.run,
          backend: backend, control: control,
          meanIntersectionOverUnion: wholeImages.map { set in { try measure($0, set) } }),
        conversionBatches: decoded.conversion.batches)
    }
    switch trainer {
    case .classification(let trainer): iteration.store(trainer.iteration, ordering: .relaxed)
    case .segmentation(let trainer, _): iteration.store(trainer.iteration, ordering: .relaxed)
    }
  }

  /// - Throws: `cancelled` when it was stopped.
  func run(_ progress: @escaping Progress) throws {
    control.reset()
    let outcome = try initial.reading {
      switch trainer {
      case .classification(let trainer):
        return try trainer.train { told in
          iteration.store(told.record.iteration, ordering: .relaxed)
          return progress(Self.progress(told, DCN_PHASE_CLASSIFICATION))
        }
      case .segmentation(let trainer, let batches):
        return try trainer.train { told in
          iteration.store(told.record.iteration, ordering: .relaxed)
          return progress(Self.progress(told, DCN_PHASE_SEGMENTATION))
        } conversionProgress: { done in
          progress(Self.conversion(done, of: batches))
        }
      }
    }
    if outcome.wasCancelled { throw EngineError.cancelled }
    isFinished = true
  }

  /// The finished model, or a copy of the weights as they are.
  func model() throws -> Model {
    let current: Model
    switch trainer {
    case .classification(let trainer): current = trainer.model
    case .segmentation(let trainer, _): current = trainer.converted ?? trainer.model
    }
    if isFinished { return current }
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
    var told = unmeasured(phase, DCN_STAGE_TRAINING)
    let record = progress.record
    told.iteration = Int64(record.iteration)
    told.maximum_iterations = Int64(progress.maximumIterations)
    told.loss = record.loss
    told.smoothed_loss = record.smoothedLoss
    told.learning_rate = record.learningRate
    told.gradient_norm = record.gradientNorm
    told.images_per_second = record.imagesPerSecond
    told.remaining_seconds = progress.remainingSeconds
    guard let evaluation = record.evaluation else { return told }
    told.validation_loss = evaluation.loss ?? .nan
    told.mean_average_precision = evaluation.meanAveragePrecision ?? .nan
    told.pixel_accuracy = evaluation.pixelAccuracy ?? .nan
    told.foreground_iou = evaluation.foregroundIntersectionOverUnion ?? .nan
    told.mean_iou = evaluation.meanIntersectionOverUnion ?? .nan
    return told
  }

  private static func conversion(_ done: Int, of batches: Int) -> dcn_progress {
    var told = unmeasured(DCN_PHASE_SEGMENTATION, DCN_STAGE_CONVERSION)
    told.iteration = Int64(done)
    told.maximum_iterations = Int64(batches)
    return told
  }
}
