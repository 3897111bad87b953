public import CDecoupled
import DecoupledBase
import DecoupledNetworks
import DecoupledVision

extension dcn_session_options {
  static func choice(
    _ pointer: UnsafePointer<dcn_session_options>?
  ) throws -> (engine: EngineChoice, settings: PredictionSettings) {
    var settings = PredictionSettings()
    guard let pointer else { return (try EngineChoice(nil, 0), settings) }
    let options = try read(pointer)
    settings.threshold = options.threshold
    settings.plain = options.plain != 0
    settings.foregroundMaps = options.foreground_maps != 0
    settings.activationMaps = options.activation_maps != 0
    if let list = try optionalText(options.refinements, "refinements") {
      settings.refinements = try Refinements.decode(json: list)
    }
    if options.images_per_batch != 0 { settings.imagesPerBatch = Int(options.images_per_batch) }
    if options.rows_per_chunk != 0 { settings.rowsPerChunk = Int(options.rows_per_chunk) }
    var engine = try EngineChoice(options.backend, options.threads)
    engine.instruments.trace = try optionalText(options.trace, "trace")
    if options.verify != 0 {
      engine.instruments.verifyRate = options.verify_rate
    } else if options.verify_rate != 0 {
      throw EngineError(.invalidArgument, "'verify_rate' is \(options.verify_rate), but 'verify' is 0.")
    }
    return (engine, settings)
  }
}

@c @implementation public func dcn_session_create(
  _ model: OpaquePointer, _ options: UnsafePointer<dcn_session_options>?,
  _ session: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded(vision: .invalidArgument) {
    try clear(session, "session")
    let handle = try Handles.find(model, ModelHandle.self)
    let (engine, settings) = try dcn_session_options.choice(options)
    session.pointee = try Handles.issue(try SessionHandle(handle, engine, settings))
  }
}

@c @implementation public func dcn_session_backend(
  _ session: OpaquePointer, _ info: UnsafeMutablePointer<dcn_backend_info>
) -> Int32 {
  guarded { try Handles.find(session, SessionHandle.self).backend.write(info) }
}

@c @implementation public func dcn_session_predict(
  _ session: OpaquePointer, _ image: UnsafePointer<dcn_image>, _ result: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(result, "result")
    let handle = try Handles.find(session, SessionHandle.self)
    let photo = try dcn_image.read(image).rgb()
    guard let found = try handle.use({ try $0.predict([photo]) }).first else { return }
    result.pointee = try Handles.issue(ResultHandle(found))
  }
}

/// The label sets of a call, nil where the network decides.
private func labelSets(_ pointer: UnsafePointer<dcn_label_set>?, _ count: Int32) throws -> [[Int]?] {
  guard let pointer else { return [] }
  return try dcn_label_set.readArray(pointer, count).map { set in
    if set.count == -1 { return nil }
    try requireCount(set.count, "classes")
    guard let classes = set.classes else {
      if set.count == 0 { return [] }
      throw EngineError(.invalidArgument, "The classes of a label set of \(set.count) must not be NULL.")
    }
    return (0..<Int(set.count)).map { Int(classes[$0]) }
  }
}

@c @implementation public func dcn_session_predict_batch(
  _ session: OpaquePointer, _ images: UnsafePointer<dcn_image>, _ count: Int32, _ labels: UnsafePointer<dcn_label_set>?,
  _ results: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try requireCount(count, "images")
    if count == 0 { return }
    try requirePointer(results, "results")
    for index in 0..<Int(count) { results[index] = nil }
    let handle = try Handles.find(session, SessionHandle.self)
    let photos = try dcn_image.readArray(images, count).map { try $0.rgb() }
    let sets = try labelSets(labels, count)
    let found = try handle.use { try $0.predict(photos, labels: sets) }
    for (index, prediction) in found.enumerated() { results[index] = try Handles.issue(ResultHandle(prediction)) }
  }
}

@c @implementation public func dcn_session_classify(
  _ session: OpaquePointer, _ images: UnsafePointer<dcn_image>, _ count: Int32, _ scores: UnsafeMutablePointer<Float>,
  _ score_count: Int64
) -> Int32 {
  guarded {
    try requireCount(count, "images")
    let handle = try Handles.find(session, SessionHandle.self)
    let classes = handle.model.classNames.count
    guard score_count == Int64(count) * Int64(classes) else {
      throw EngineError(
        .invalidArgument,
        "Scores of \(count) images and \(classes) classes are \(Int(count) * classes), not \(score_count).")
    }
    if count == 0 { return }
    try requirePointer(scores, "scores")
    let photos = try dcn_image.readArray(images, count).map { try $0.rgb() }
    for (row, found) in try handle.use({ try $0.scores(photos) }).enumerated() {
      for (index, score) in found.enumerated() { scores[row * classes + index] = score }
    }
  }
}

@c @implementation public func dcn_session_cancel(_ session: OpaquePointer) -> Int32 {
  guarded { try Handles.find(session, SessionHandle.self).predictor.control.cancel() }
}

@c @implementation public func dcn_session_free(_ session: OpaquePointer?) { Handles.free(session, SessionHandle.self) }
