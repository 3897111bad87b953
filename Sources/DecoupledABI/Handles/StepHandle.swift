import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import FoundationEssentials

/// A training step on the caller's arrays, on the weights of the caller's model.
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
  private let step: TrainingStep
  private let seed: UInt64
  private var computed = false
  private var applied = false
  private var computations: UInt64 = 0
  private var sharingCount = 0

  init(_ model: ModelHandle, phase: String, images: Int, _ settings: Settings, _ engine: EngineChoice) throws {
    let description = model.model.description
    var solver = settings.solver
    (solver.batchSize, solver.iterSize, solver.policy) = (images, 1, .fixed)
    try solver.validate()
    let graph = try Families.of(description).phase(phase).graph(
      description, batch: images, dropout: settings.dropout, frozen: solver.isFrozen)
    let network = graph.graph
    for id in network.parameters where try model.reading({ model.model.parameters[network[id].name] == nil }) {
      throw EngineError(.notFound, "The model has no weights '\(network[id].name)'; draw, import or set them first.")
    }
    func entry(_ name: String, _ shape: [Int]) -> Entry { Entry(name: name, text: OwnedText(name), shape: shape) }
    parameters = graph.gradients.map { network[$0.parameter] }.map { entry($0.name, $0.type.shape) }
    layers = graph.statistics.map { entry($0.layer, network[$0.mean].type.shape) }
    control = RunControl(threads: engine.threads)
    step = try TrainingStep(
      graph, parameters: model.model.parameters, settings: solver, backend: try engine.open(),
      execution: Execution(control))
    self.model = model
    seed = settings.seed
    try model.changing { try takeOver() }
  }

  /// Replaces the trained parameters by copies: steps change them in place.
  private func takeOver() throws {
    sharingCount = model.sharingCount
    try model.makeOwn(parameters.map(\.name))
  }

  private func feed<Element: TensorElement>(
    _ id: ValueID, _ values: UnsafePointer<Element>?, _ name: String
  ) throws -> Tensor {
    guard let values else { throw EngineError(.invalidArgument, "This phase needs '\(name)'.") }
    try requirePointer(values, name)
    let tensor = try Tensor(zeros: step.graph.graph[id].type.shape, Element.elementType)
    tensor.bytes.copyMemory(from: values, byteCount: tensor.byteCount)
    return tensor
  }

  func compute(
    images: UnsafePointer<Float>, labels: UnsafePointer<Float>?, masks: UnsafePointer<Int32>?
  ) throws -> Double {
    let graph = step.graph
    let batch = TrainingBatch(
      image: try feed(graph.image, images, "images"), labels: try graph.labels.map { try feed($0, labels, "labels") },
      mask: try graph.mask.map { try feed($0, masks, "masks") })
    let first = 2 * computations
    computations += 1
    (computed, applied) = (false, false)
    control.reset()
    let loss = try model.reading {
      try step.compute(batch) { layer in
        Int64(bitPattern: seed &+ (first + UInt64(layer)) &* 0x9E37_79B9_7F4A_7C15)
      }
    }
    computed = true
    return loss
  }

  func apply(learningRate: Double) throws {
    guard computed, !applied else {
      throw EngineError(.state, "There are no new gradients to apply; call dcn_step_compute first.")
    }
    try model.changing {
      if sharingCount != model.sharingCount { try takeOver() }
      try step.apply(rate: learningRate)
    }
    applied = true
  }

  func gradient(_ name: String) throws -> Tensor {
    try require(name, in: parameters, "trained parameter")
    guard computed, let gradient = step.gradients[name] else { throw nothingComputed }
    return gradient
  }

  func momentum(_ name: String) throws -> Tensor {
    try require(name, in: parameters, "trained parameter")
    guard let tensor = step.solver.momentum[name] else {
      throw EngineError(.internal, "The momentum of '\(name)' is missing.")
    }
    return tensor
  }

  func statistics(_ layer: String) throws -> BatchStatistics {
    try require(layer, in: layers, "layer with batch statistics")
    guard computed, let found = step.statistics.first(where: { $0.layer == layer }) else { throw nothingComputed }
    return found
  }

  private func require(_ name: String, in entries: [Entry], _ what: String) throws {
    guard entries.contains(where: { $0.name == name }) else {
      throw EngineError(.notFound, "There is no \(what) '\(name)' in this step.")
    }
  }

  private var nothingComputed: EngineError {
    EngineError(.state, "Nothing has been computed yet; call dcn_step_compute first.")
  }
}
