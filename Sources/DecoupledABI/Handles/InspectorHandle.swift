import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks

/// A network laid open: its graph, the values that are set, and those that the last run kept.
final class InspectorHandle: HandleObject, @unchecked Sendable {
  static let noun = "inspector"
  let model: ModelHandle
  let graph: Graph
  let control: RunControl
  let caller = OneCaller()
  private let texts: [OwnedText]
  private let watched: WatchedBackend
  private let execution: Execution
  private var feeds: [ValueID: Tensor] = [:]
  private var kept: [ValueID: Tensor] = [:]
  private var plan: Plan?

  init(_ model: ModelHandle, form: String, images: Int, rows: Int, _ engine: EngineChoice) throws {
    self.model = model
    let description = model.model.description
    graph = try Families.of(description).graph(form: form, description, images: images, rows: rows)
    texts = graph.values.map { OwnedText($0.name) }
    watched = try engine.openWatched()
    control = RunControl(threads: engine.threads)
    execution = Execution(control)
  }

  /// Describes a value.
  func write(_ id: ValueID, to info: UnsafeMutablePointer<dcn_tensor_info>) throws {
    let value = graph[id]
    let (role, present) =
      switch value.role {
      case .input: (DCN_ROLE_INPUT, feeds[id] != nil)
      case .parameter: (DCN_ROLE_PARAMETER, try model.reading { model.model.parameters[value.name] != nil })
      case .result: (DCN_ROLE_RESULT, feeds[id] != nil || kept[id] != nil)
      }
    try dcn_tensor_info.write(info) { info in
      info.set(
        name: texts[id.index], elementType: value.type.elementType, shape: value.type.shape, role: role,
        present: present)
    }
  }

  /// The value of that name that may be set.
  private func settable(_ name: String) throws -> Value {
    let value = graph[try graph.value(named: name)]
    guard value.role != .parameter else {
      throw EngineError(.invalidArgument, "'\(name)' is a parameter; change it with dcn_model_set_parameter.")
    }
    return value
  }

  func set(_ name: String, _ values: UnsafeRawPointer, _ byteCount: Int64) throws {
    let value = try settable(name)
    let tensor = try Tensor(zeros: value.type.shape, value.type.elementType)
    try requireBytes(tensor, name, byteCount)
    tensor.bytes.copyMemory(from: values, byteCount: tensor.byteCount)
    feeds[value.id] = tensor
    kept[value.id] = nil
  }

  func unset(_ name: String) throws { feeds[try settable(name).id] = nil }

  func run(_ names: [String]) throws {
    let wanted = try names.map { name in
      let value = graph[try graph.value(named: name)]
      guard value.role != .parameter else {
        throw EngineError(.invalidArgument, "'\(name)' is a parameter; read it with dcn_model_copy_parameter.")
      }
      return value.id
    }
    var fetches: [ValueID] = []
    for id in wanted where feeds[id] == nil && !fetches.contains(id) { fetches.append(id) }
    let given = feeds.keys.sorted { $0.index < $1.index }
    kept = [:]
    if fetches.isEmpty { return }
    let plan: Plan
    if let last = self.plan, last.feeds == given, last.fetches == fetches {
      plan = last
    } else {
      plan = try Plan(graph, feeds: given, fetches: fetches, backend: watched.backend)
      self.plan = plan
    }
    control.reset()
    var results: [ValueID: Tensor] = [:]
    try model.reading {
      try execution.run(plan, feeds: feeds, parameters: model.model.parameters, results: &results)
    }
    kept = results
  }

  func copy(_ name: String, to values: UnsafeMutableRawPointer, _ byteCount: Int64) throws {
    let id = try graph.value(named: name)
    guard let tensor = kept[id] ?? feeds[id] else {
      throw EngineError(.state, "The last run did not keep '\(name)'; name it in dcn_inspector_run.")
    }
    try requireBytes(tensor, name, byteCount)
    values.copyMemory(from: tensor.bytes, byteCount: tensor.byteCount)
  }

  private func requireBytes(_ tensor: Tensor, _ name: String, _ byteCount: Int64) throws {
    guard Int(byteCount) == tensor.byteCount else {
      throw EngineError(
        .invalidArgument,
        "'\(name)', \(tensor.elementType)\(tensor.shape), has \(tensor.byteCount) bytes, not \(byteCount).")
    }
  }
}
