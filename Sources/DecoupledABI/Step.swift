public import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import FoundationEssentials

/// Finds a step and lets this call alone use it.
private func use<Result>(_ handle: OpaquePointer, _ body: (StepHandle) throws -> Result) throws -> Result {
  let step = try Handles.find(handle, StepHandle.self)
  return try step.caller.use(StepHandle.noun) { try body(step) }
}

/// The rules that the `multipliers` of the header stand for.
private func rules(_ text: String?) throws -> [MultiplierRule] {
  switch text {
  case nil, "caffe": return []
  case "uniform": return MultiplierRule.uniform
  case let json?: return try JSONDecoder().decode([MultiplierRule].self, from: Data(json.utf8))
  }
}

private func create(
  _ model: OpaquePointer, _ images: Int32, _ options: UnsafePointer<dcn_step_options>?,
  _ step: UnsafeMutablePointer<OpaquePointer?>, phase: (ModelHandle) throws -> String
) throws {
  try clear(step, "step")
  let handle = try Handles.find(model, ModelHandle.self)
  guard (1...1024).contains(images) else {
    throw EngineError(.invalidArgument, "A step takes 1 to 1024 images, not \(images).")
  }
  var settings = StepHandle.Settings()
  var engine = try EngineChoice(nil, 0)
  if let options {
    let given = try dcn_step_options.read(options)
    engine = try EngineChoice(given.backend, given.threads)
    settings.solver.momentum = given.momentum
    settings.solver.weightDecay = given.weight_decay
    settings.solver.multiplierRules = try rules(try optionalText(given.multipliers, "multipliers"))
    settings.dropout = given.dropout != 0
    settings.seed = given.seed
  }
  step.pointee = try Handles.issue(
    try StepHandle(handle, phase: phase(handle), images: Int(images), settings, engine))
}

@c @implementation public func dcn_step_create(
  _ model: OpaquePointer, _ phase: Int32, _ images: Int32, _ options: UnsafePointer<dcn_step_options>?,
  _ step: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded { try create(model, images, options, step) { try $0.phase(numbered: phase) } }
}

@c @implementation public func dcn_step_create_phase(
  _ model: OpaquePointer, _ phase: UnsafePointer<CChar>, _ images: Int32, _ options: UnsafePointer<dcn_step_options>?,
  _ step: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded { try create(model, images, options, step) { _ in try text(phase, "phase") } }
}

@c @implementation public func dcn_step_compute(
  _ step: OpaquePointer, _ images: UnsafePointer<Float>, _ labels: UnsafePointer<Float>?,
  _ masks: UnsafePointer<Int32>?,
  _ loss: UnsafeMutablePointer<Double>?
) -> Int32 {
  guarded {
    let found = try use(step) { try $0.compute(images: images, labels: labels, masks: masks) }
    loss?.pointee = found
  }
}

@c @implementation public func dcn_step_apply(_ step: OpaquePointer, _ learning_rate: Double) -> Int32 {
  guarded { try use(step) { try $0.apply(learningRate: learning_rate) } }
}

private func describe(_ entry: StepHandle.Entry, _ role: Int, _ info: UnsafeMutablePointer<dcn_tensor_info>) throws {
  try dcn_tensor_info.write(info) { info in
    info.set(name: entry.text, elementType: .float32, shape: entry.shape, role: role, present: true)
  }
}

@c @implementation public func dcn_step_parameter_count(_ step: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(step, StepHandle.self).parameters.count) }
}

@c @implementation public func dcn_step_parameter_info(
  _ step: OpaquePointer, _ index: Int32, _ info: UnsafeMutablePointer<dcn_tensor_info>
) -> Int32 {
  guarded {
    let parameters = try Handles.find(step, StepHandle.self).parameters
    try describe(try element(parameters, index, "trained parameter"), DCN_ROLE_PARAMETER, info)
  }
}

@c @implementation public func dcn_step_copy_gradient(
  _ step: OpaquePointer, _ name: UnsafePointer<CChar>, _ values: UnsafeMutablePointer<Float>, _ count: Int64
) -> Int32 {
  guarded {
    let name = try text(name, "name")
    try use(step) { try copy(try $0.gradient(name), name, to: values, count) }
  }
}

@c @implementation public func dcn_step_copy_momentum(
  _ step: OpaquePointer, _ name: UnsafePointer<CChar>, _ values: UnsafeMutablePointer<Float>, _ count: Int64
) -> Int32 {
  guarded {
    let name = try text(name, "name")
    try use(step) { try copy(try $0.momentum(name), name, to: values, count) }
  }
}

@c @implementation public func dcn_step_layer_count(_ step: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(step, StepHandle.self).layers.count) }
}

@c @implementation public func dcn_step_layer_info(
  _ step: OpaquePointer, _ index: Int32, _ info: UnsafeMutablePointer<dcn_tensor_info>
) -> Int32 {
  guarded {
    try describe(try element(try Handles.find(step, StepHandle.self).layers, index, "layer"), DCN_ROLE_RESULT, info)
  }
}

@c @implementation public func dcn_step_copy_statistics(
  _ step: OpaquePointer, _ layer: UnsafePointer<CChar>, _ mean: UnsafeMutablePointer<Float>,
  _ variance: UnsafeMutablePointer<Float>, _ count: Int64
) -> Int32 {
  guarded {
    let layer = try text(layer, "layer")
    try use(step) {
      let statistics = try $0.statistics(layer)
      try requirePointer(variance, "variance")
      try copy(Tensor(statistics.mean, shape: [statistics.mean.count]), layer, to: mean, count)
      try copy(Tensor(statistics.variance, shape: [statistics.variance.count]), layer, to: variance, count)
    }
  }
}

@c @implementation public func dcn_step_cancel(_ step: OpaquePointer) -> Int32 {
  guarded { try Handles.find(step, StepHandle.self).control.cancel() }
}

@c @implementation public func dcn_step_free(_ step: OpaquePointer?) { Handles.free(step, StepHandle.self) }
