import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import FoundationEssentials

/// Gradients and steps of the solver on the caller's arrays, on the weights of the caller's model.
final class StepHandle: HandleObject, @unchecked Sendable {
  static let noun = "step"

  /// What the caller's options ask for.
  struct Settings {
    var solver = SolverSettings()
    var dropout = false
    var seed: UInt64 = 1
  }

  /// A trained parameter, or a layer with batch statistics.
  struct Entry {
    let name: String
    let text: OwnedText
    let shape: [Int]
  }

  let model: ModelHandle
  let control: RunControl
  let caller = OneCaller()
  let parameters: [Entry]
  let layers: [Entry]
  private let graph: TrainingGraph
  private let plan: Plan
  private let execution: Execution
  private let normalization: Set<String>
  private let solver: MomentumSolver
  private let seed: UInt64
  private var results: [ValueID: Tensor] = [:]
  private var computed = false
  private var applied = false
  private var computations: UInt64 = 0
  private var sharingCount = 0

  init(_ model: ModelHandle, phase: Int32, images: Int, _ settings: Settings, _ engine: EngineChoice) throws {
    let description = model.model.description
    var solver = settings.solver
    (solver.batchSize, solver.iterSize, solver.policy) = (images, 1, .fixed)
    try solver.validate()
    switch Int(phase) {
    case DCN_PHASE_CLASSIFICATION:
      graph = try TrainingGraph.classification(
        description, batch: images, dropout: settings.dropout, frozen: solver.isFrozen)
    case DCN_PHASE_SEGMENTATION:
      graph = try TrainingGraph.segmentation(description, batch: images, frozen: solver.isFrozen)
    default: throw EngineError(.invalidArgument, "There is no phase \(phase); use one of the DCN_PHASE_ values.")
    }
    let network = graph.graph
    guard !graph.gradients.isEmpty else {
      throw EngineError(.invalidArgument, "The multipliers fix every parameter; give at least one a learning rate.")
    }
    for id in network.parameters where try model.reading({ model.model.parameters[network[id].name] == nil }) {
      throw EngineError(.notFound, "The model has no weights '\(network[id].name)'; draw, import or set them first.")
    }
    func entry(_ name: String, _ shape: [Int]) -> Entry { Entry(name: name, text: OwnedText(name), shape: shape) }
    let trained = graph.gradients.map { network[$0.parameter] }
    parameters = trained.map { entry($0.name, $0.type.shape) }
    layers = graph.statistics.map { entry($0.layer, network[$0.mean].type.shape) }
    let nodes = network.nodes.filter { $0.operation is BatchNormalization }
    normalization = Set(nodes.flatMap { [$0.inputs[1], $0.inputs[2]] }.compactMap { $0.map { network[$0].name } })
    control = RunControl(threads: engine.threads)
    execution = Execution(control)
    plan = try Plan(
      network,
      feeds: [graph.image, graph.labels, graph.lossGradient] + (graph.mask.map { [$0] } ?? []) + graph.dropoutSeeds,
      fetches: [graph.loss] + graph.gradients.map(\.gradient) + graph.statistics.flatMap { [$0.mean, $0.variance] },
      keepsPackedWeights: false, backend: try engine.open())
    self.solver = try Self.solver(solver, parameters, normalization, control)
    self.model = model
    seed = settings.seed
    try model.changing { try takeOver() }
  }

  private static func solver(
    _ settings: SolverSettings, _ parameters: [Entry], _ normalization: Set<String>, _ control: RunControl
  ) throws -> MomentumSolver {
    try MomentumSolver(
      settings, parameters: parameters.map { ($0.name, $0.shape, normalization.contains($0.name)) }, pool: control.pool)
  }

  /// Replaces the trained parameters by copies: steps change them in place.
  private func takeOver() throws {
    sharingCount = model.sharingCount
    try model.makeOwn(parameters.map(\.name))
  }

  /// The sizes of a batch: images, labels and masks in elements.
  func feed<Element: TensorElement>(
    _ id: ValueID, _ values: UnsafePointer<Element>, _ name: String
  ) throws -> Tensor {
    try requirePointer(values, name)
    let tensor = try Tensor(zeros: graph.graph[id].type.shape, Element.elementType)
    tensor.bytes.copyMemory(from: values, byteCount: tensor.byteCount)
    return tensor
  }

  func compute(
    images: UnsafePointer<Float>, labels: UnsafePointer<Float>, masks: UnsafePointer<Int32>?
  ) throws -> Double {
    var feeds = [
      graph.image: try feed(graph.image, images, "images"), graph.labels: try feed(graph.labels, labels, "labels"),
    ]
    feeds[graph.lossGradient] = try Tensor([Float(1)], shape: [1])
    if let mask = graph.mask {
      guard let masks else { throw EngineError(.invalidArgument, "Phase 2 needs 'masks'.") }
      feeds[mask] = try feed(mask, masks, "masks")
    }
    for (layer, input) in graph.dropoutSeeds.enumerated() {
      let number = seed &+ (2 * computations + UInt64(layer)) &* 0x9E37_79B9_7F4A_7C15
      feeds[input] = try Tensor([Int64(bitPattern: number)], shape: [1])
    }
    computations += 1
    (computed, applied) = (false, false)
    control.reset()
    try model.reading {
      try execution.run(plan, feeds: feeds, parameters: model.model.parameters, results: &results)
    }
    let loss = Double(try value(graph.loss).elements(Float.self)[0])
    guard loss.isFinite else { throw EngineError(.numeric, "The loss is \(loss); use a lower learning rate.") }
    computed = true
    return loss
  }

  func apply(learningRate: Double) throws {
    guard computed, !applied else {
      throw EngineError(.state, "There are no new gradients to apply; call dcn_step_compute first.")
    }
    if learningRate != solver.settings.baseLearningRate { try solver.setLearningRate(learningRate) }
    var gradients: [String: Tensor] = [:]
    for (parameter, gradient) in zip(parameters, graph.gradients) {
      gradients[parameter.name] = try value(gradient.gradient)
    }
    try model.changing {
      if sharingCount != model.sharingCount { try takeOver() }
      try solver.apply(gradients: gradients, parameters: model.model.parameters, iteration: 0)
    }
    applied = true
  }

  private func value(_ id: ValueID) throws -> Tensor {
    guard let tensor = results[id] else { throw EngineError(.state, "Nothing has been computed yet.") }
    return tensor
  }

  private func index(_ name: String, in entries: [Entry], _ what: String) throws -> Int {
    guard let index = entries.firstIndex(where: { $0.name == name }) else {
      throw EngineError(.notFound, "There is no \(what) '\(name)' in this step.")
    }
    return index
  }

  func gradient(_ name: String) throws -> Tensor {
    let position = try index(name, in: parameters, "trained parameter")
    guard computed else { throw EngineError(.state, "Nothing has been computed yet; call dcn_step_compute first.") }
    return try value(graph.gradients[position].gradient)
  }

  func momentum(_ name: String) throws -> Tensor {
    _ = try index(name, in: parameters, "trained parameter")
    guard let tensor = solver.momentum[name] else {
      throw EngineError(.internal, "The momentum of '\(name)' is missing.")
    }
    return tensor
  }

  func statistics(_ layer: String) throws -> (mean: Tensor, variance: Tensor) {
    let position = try index(layer, in: layers, "layer with batch statistics")
    guard computed else { throw EngineError(.state, "Nothing has been computed yet; call dcn_step_compute first.") }
    return (try value(graph.statistics[position].mean), try value(graph.statistics[position].variance))
  }
}
