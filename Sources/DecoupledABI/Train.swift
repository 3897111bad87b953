public import CDecoupled
import DecoupledBase
import DecoupledNetworks

extension dcn_trainer_options {
  fileprivate static func choice(_ pointer: UnsafePointer<dcn_trainer_options>?) throws -> TrainerHandle.Choice {
    guard let pointer else { return TrainerHandle.Choice(engine: try EngineChoice(nil, 0)) }
    let given = try read(pointer)
    var choice = TrainerHandle.Choice(engine: try EngineChoice(given.backend, given.threads))
    func set(_ value: Int32, _ name: String, _ target: inout Int) throws {
      guard value >= 0 else { throw EngineError(.invalidArgument, "\(name) must be at least 0, not \(value).") }
      if value > 0 { target = Int(value) }
    }
    try set(given.checkpoint_every, "checkpoint_every", &choice.options.checkpointEvery)
    try set(given.evaluate_every, "evaluate_every", &choice.options.evaluateEvery)
    try set(given.record_every, "record_every", &choice.options.recordEvery)
    choice.wholeImages = given.whole_images != 0
    if let settings = try optionalText(given.settings, "settings") { choice.settings = settings }
    if let prediction = try optionalText(given.prediction, "prediction") { choice.prediction = prediction }
    let existing: RunDirectory.Existing
    switch Int(given.existing_run) {
    case DCN_RUN_REFUSE: existing = .refuse
    case DCN_RUN_RESUME: existing = .resume
    case DCN_RUN_OVERWRITE: existing = .overwrite
    default:
      throw EngineError(.invalidArgument, "existing_run is \(given.existing_run); use one of the DCN_RUN_ values.")
    }
    if let path = try optionalText(given.run_directory, "run_directory") {
      choice.run = try RunDirectory(path, existing: existing)
    }
    return choice
  }
}

private func create(
  _ model: OpaquePointer, _ dataset: OpaquePointer, _ validation: OpaquePointer?,
  _ options: UnsafePointer<dcn_trainer_options>?, _ trainer: UnsafeMutablePointer<OpaquePointer?>,
  phase: (ModelHandle) throws -> String
) throws {
  try clear(trainer, "trainer")
  let handle = try Handles.find(model, ModelHandle.self)
  let set = try Handles.find(dataset, DatasetHandle.self).dataset
  let heldOut = try Handles.findOptional(validation, DatasetHandle.self)?.dataset
  let phase = try phase(handle)
  let choice = try dcn_trainer_options.choice(options)
  trainer.pointee = try Handles.issue(
    try TrainerHandle(handle, phase: phase, dataset: set, validation: heldOut, choice))
}

@c @implementation public func dcn_trainer_create(
  _ model: OpaquePointer, _ phase: Int32, _ dataset: OpaquePointer, _ validation: OpaquePointer?,
  _ options: UnsafePointer<dcn_trainer_options>?, _ trainer: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded { try create(model, dataset, validation, options, trainer) { try $0.phase(numbered: phase) } }
}

@c @implementation public func dcn_trainer_create_phase(
  _ model: OpaquePointer, _ phase: UnsafePointer<CChar>, _ dataset: OpaquePointer, _ validation: OpaquePointer?,
  _ options: UnsafePointer<dcn_trainer_options>?, _ trainer: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try create(model, dataset, validation, options, trainer) {
      try Families.of($0.model.description).phase(try text(phase, "phase")).name
    }
  }
}

@c @implementation public func dcn_trainer_run(
  _ trainer: OpaquePointer, _ progress: dcn_progress_callback?, _ user_data: UnsafeMutableRawPointer?
) -> Int32 {
  guarded {
    let handle = try Handles.find(trainer, TrainerHandle.self)
    try handle.caller.use(TrainerHandle.noun) {
      try handle.run { told in
        guard let progress else { return true }
        return withUnsafePointer(to: told) { progress($0, user_data) } == 0
      }
    }
  }
}

@c @implementation public func dcn_trainer_cancel(_ trainer: OpaquePointer) -> Int32 {
  guarded { try Handles.find(trainer, TrainerHandle.self).control.cancel() }
}

@c @implementation public func dcn_trainer_iteration(_ trainer: OpaquePointer) -> Int64 {
  reading(or: -1) { Int64(try Handles.find(trainer, TrainerHandle.self).iteration.load(ordering: .relaxed)) }
}

@c @implementation public func dcn_trainer_model(
  _ trainer: OpaquePointer, _ model: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(model, "model")
    let handle = try Handles.find(trainer, TrainerHandle.self)
    let found = try handle.caller.use(TrainerHandle.noun) { try handle.model() }
    model.pointee = try Handles.issue(try ModelHandle(found))
  }
}

@c @implementation public func dcn_trainer_free(_ trainer: OpaquePointer?) { Handles.free(trainer, TrainerHandle.self) }

@c @implementation public func dcn_session_evaluate(
  _ session: OpaquePointer, _ dataset: OpaquePointer, _ true_labels: Int32, _ progress: dcn_count_callback?,
  _ user_data: UnsafeMutableRawPointer?, _ report: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(report, "report")
    let handle = try Handles.find(session, SessionHandle.self)
    let set = try Handles.find(dataset, DatasetHandle.self).dataset
    let result = try handle.use { predictor in
      try predictor.model.require(.all)
      var options = Evaluation.Options()
      options.trueLabels = true_labels != 0
      return try Evaluation(set, classNames: predictor.model.classNames, options: options).run(predictor) {
        done, total in
        progress.map { $0(Int64(done), Int64(total), user_data) == 0 } ?? true
      }
    }
    let numbers: [String: Double?] = [
      "mean_iou": result.meanIntersectionOverUnion,
      "mean_object_iou": result.segmentation?.meanObjectIntersectionOverUnion,
      "pixel_accuracy": result.segmentation?.pixelAccuracy, "mean_average_precision": result.meanAveragePrecision,
      "images": Double(result.images), "masks": Double(result.masks),
    ]
    report.pointee = try Handles.issue(
      ReportHandle(json: try result.json(), text: result.text, numbers: numbers.compactMapValues { $0 }))
  }
}
