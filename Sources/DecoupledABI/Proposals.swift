public import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledProposals
import DecoupledVision

extension dcn_proposer_options {
  fileprivate func settings() throws -> EdgeBoxesSettings {
    var settings = EdgeBoxesSettings()
    settings.alpha = Float(alpha)
    settings.beta = Float(beta)
    settings.eta = Float(eta)
    settings.minScore = Float(min_score)
    settings.maxBoxes = Int(max_boxes)
    settings.edgeMinMag = Float(edge_min_mag)
    settings.edgeMergeThr = Float(edge_merge_thr)
    settings.clusterMinMag = Float(cluster_min_mag)
    settings.maxAspectRatio = Float(max_aspect_ratio)
    settings.minBoxArea = Float(min_box_area)
    settings.gamma = Float(gamma)
    settings.kappa = Float(kappa)
    return settings
  }
}

@c @implementation public func dcn_proposer_create(
  _ options: UnsafePointer<dcn_proposer_options>?, _ proposer: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(proposer, "proposer")
    var settings = EdgeBoxesSettings()
    var (forest, sharpening, multiscale): (String?, Int?, Bool) = (nil, nil, false)
    if let options {
      let given = try dcn_proposer_options.read(options)
      settings = try given.settings()
      forest = try optionalText(given.forest, "forest")
      sharpening = given.sharpening == -1 ? nil : Int(given.sharpening)
      multiscale = given.multiscale != 0
    }
    try fromCaller { try settings.check() }
    let detector = try EdgeDetectors.open(forest: forest, sharpening: sharpening, multiscale: multiscale)
    proposer.pointee = try Handles.issue(ProposerHandle(try ObjectProposals(detector: detector, settings: settings)))
  }
}

@c @implementation public func dcn_proposer_detector(_ proposer: OpaquePointer) -> UnsafePointer<CChar>? {
  reading(or: nil) { try Handles.find(proposer, ProposerHandle.self).detector.pointer }
}

@c @implementation public func dcn_proposer_edges(
  _ proposer: OpaquePointer, _ image: UnsafePointer<dcn_image>, _ thinned: Int32,
  _ magnitude: UnsafeMutablePointer<Float>, _ orientation: UnsafeMutablePointer<Float>?, _ count: Int64
) -> Int32 {
  guarded {
    let found = try Handles.find(proposer, ProposerHandle.self)
    let photo = try dcn_image.read(image).rgb()
    try requirePointer(magnitude, "magnitude")
    guard count == Int64(photo.width * photo.height) else {
      throw EngineError(
        .invalidArgument, "The edges of an image of \(photo.width)x\(photo.height) are not \(count) values.")
    }
    var edges = try fromCaller { try found.proposals.detector.edges(in: photo) }
    if thinned != 0 { edges = edges.thinned() }
    magnitude.update(from: edges.magnitude, count: edges.magnitude.count)
    orientation?.update(from: edges.orientation, count: edges.orientation.count)
  }
}

private func give(
  _ found: [BoxProposal], _ boxes: UnsafeMutablePointer<dcn_box>?, _ capacity: Int32,
  _ count: UnsafeMutablePointer<Int32>
) throws {
  guard capacity == 0 || (capacity > 0 && boxes != nil) else {
    throw EngineError(.invalidArgument, "'boxes' must not be NULL where the capacity is \(capacity), nor that below 0.")
  }
  for (index, box) in found.prefix(Int(capacity)).enumerated() {
    boxes?[index] = dcn_box(
      x: Int32(box.x), y: Int32(box.y), width: Int32(box.width), height: Int32(box.height), score: box.score)
  }
  count.pointee = Int32(clamping: found.count)
}

@c @implementation public func dcn_proposer_run(
  _ proposer: OpaquePointer, _ image: UnsafePointer<dcn_image>, _ boxes: UnsafeMutablePointer<dcn_box>?,
  _ capacity: Int32, _ count: UnsafeMutablePointer<Int32>
) -> Int32 {
  guarded {
    let proposals = try Handles.find(proposer, ProposerHandle.self).proposals
    try requirePointer(count, "count")
    let photo = try dcn_image.read(image).rgb()
    try give(try fromCaller { try proposals.proposals(for: photo) }, boxes, capacity, count)
  }
}

@c @implementation public func dcn_proposer_run_edges(
  _ proposer: OpaquePointer, _ magnitude: UnsafePointer<Float>, _ orientation: UnsafePointer<Float>, _ width: Int32,
  _ height: Int32, _ boxes: UnsafeMutablePointer<dcn_box>?, _ capacity: Int32, _ count: UnsafeMutablePointer<Int32>
) -> Int32 {
  guarded {
    let proposals = try Handles.find(proposer, ProposerHandle.self).proposals
    try requirePointer(magnitude, "magnitude")
    try requirePointer(orientation, "orientation")
    try requirePointer(count, "count")
    let (columns, rows) = (Int(width), Int(height))
    guard (1...ImageLimits.side).contains(columns), (1...ImageLimits.side).contains(rows),
      columns * rows <= ImageLimits.pixels
    else { throw EngineError(.invalidArgument, "Edges of \(width)x\(height) cannot be used.") }
    let edges = try EdgeMap(
      width: columns, height: rows,
      magnitude: Array(UnsafeBufferPointer(start: magnitude, count: columns * rows)),
      orientation: Array(UnsafeBufferPointer(start: orientation, count: columns * rows)))
    try give(proposals.boxes.proposals(from: edges), boxes, capacity, count)
  }
}

@c @implementation public func dcn_proposer_free(_ proposer: OpaquePointer?) {
  Handles.free(proposer, ProposerHandle.self)
}

/// What the caller is told with; one call at a time, though from any thread of the training.
private struct CountReceiver: @unchecked Sendable {
  let callback: dcn_count_callback
  let userData: UnsafeMutableRawPointer?
}

@c @implementation public func dcn_forest_train(
  _ dataset: OpaquePointer, _ options: UnsafePointer<dcn_forest_options>?, _ path: UnsafePointer<CChar>,
  _ progress: dcn_count_callback?, _ user_data: UnsafeMutableRawPointer?
) -> Int32 {
  guarded {
    let items = try Handles.find(dataset, DatasetHandle.self).dataset.items
    let path = try text(path, "path")
    var settings = ForestTrainingSettings()
    var (threads, existing) = (0, ForestTraining.ExistingRun.refuse)
    if let options {
      let given = try dcn_forest_options.read(options)
      switch Int(given.features) {
      case DCN_FEATURES_AUTHORS: settings.forest.features = .authors
      case DCN_FEATURES_OPENCV: settings.forest.features = .opencv
      default: throw EngineError(.invalidArgument, "There is no DCN_FEATURES_ value \(given.features).")
      }
      settings.trees = Int(given.trees)
      settings.forest.treesEvaluated = max(1, settings.trees / 2)
      settings.samples = Int(given.samples)
      settings.seed = given.seed
      threads = Int(given.threads)
      switch Int(given.existing_run) {
      case DCN_RUN_REFUSE: existing = .refuse
      case DCN_RUN_RESUME: existing = .resume
      case DCN_RUN_OVERWRITE: existing = .overwrite
      default: throw EngineError(.invalidArgument, "There is no DCN_RUN_ value \(given.existing_run).")
      }
    }
    try settings.check()
    let control = RunControl(threads: threads)
    let receiver = progress.map { CountReceiver(callback: $0, userData: user_data) }
    let stopped = try ForestTraining(items, settings, output: path, control: control).run(existing: existing) { state in
      guard let receiver, !control.isCancelled else { return }
      if receiver.callback(Int64(state.tree), Int64(state.trees), receiver.userData) != 0 { control.cancel() }
    }
    if stopped != nil { throw EngineError.cancelled }
    if let receiver { _ = receiver.callback(Int64(settings.trees), Int64(settings.trees), receiver.userData) }
  }
}
