import CDecoupled
import DecoupledBase

/// Turns nodes into kernels: offers the backend the longest chains, first in the layouts it prefers, then row-major; what it
/// declines runs on `reference`.
struct PlanCompiler {
  private let selection: NodeSelection
  private let backend: Backend
  private let reference: Backend
  private(set) var values: PlanValues
  private(set) var kernels: [PlanKernel] = []

  init(_ selection: NodeSelection, backend: Backend, reference: Backend, values: PlanValues) {
    self.selection = selection
    self.backend = backend
    self.reference = reference
    self.values = values
  }

  /// - Parameter nodes: in running order, without those that only view memory.
  mutating func compile(_ nodes: [Int]) throws {
    var position = 0
    while position < nodes.count {
      let chain = selection.chain(from: position, in: nodes, views: values.views)
      position += try add(chain)
    }
  }

  /// Adds a kernel for the first nodes of the chain and returns how many.
  private mutating func add(_ chain: [Int]) throws -> Int {
    let hasHalves = chain.contains {
      selection.graph.nodes[$0].inputs.contains { $0.map(values.isStoredHalf) ?? false }
    }
    let forms = [PlanValues.Form.preferred, .allPreferred, .rowMajor].flatMap { form in
      hasHalves ? [(form, true), (form, false)] : [(form, false)]
    }
    for (form, half) in forms {
      var (nodes, trial) = written(chain, form, half: half)
      let count = backend.supported(nodes.nodes.baseAddress!, chain.count)
      guard count > 0 else { continue }
      let taken = Array(chain.prefix(count))
      if count < chain.count {
        (nodes, trial) = written(taken, form, half: half)
        guard backend.supported(nodes.nodes.baseAddress!, count) == count else {
          throw EngineError(
            .backend,
            "The backend '\(backend.info.name)' took \(count) nodes from \(selection.graph.nodes[chain[0]].name) on, then declined them."
          )
        }
      }
      try commit(taken, nodes, trial, backend)
      return count
    }
    Log.writeOnce(
      .info,
      "The backend '\(backend.info.name)' declines \(selection.graph.nodes[chain[0]].operation.operatorName); it runs on 'reference'."
    )
    let (nodes, trial) = written([chain[0]], .rowMajor, half: false)
    try commit([chain[0]], nodes, trial, reference)
    return 1
  }

  /// The nodes as the contract has them, and the values of the plan once they are taken.
  private func written(_ chain: [Int], _ form: PlanValues.Form, half: Bool) -> (ContractNodes, PlanValues) {
    var trial = values
    let internalValues = selection.internalValues(of: chain, views: values.views)
    let nodes = ContractNodes(
      selection.graph, chain: chain, isInternal: internalValues.contains, isUsed: selection.isUsed,
      read: { trial.reading($0, form, half: half) }, written: { trial.writing($0, form) })
    return (nodes, trial)
  }

  private mutating func commit(_ chain: [Int], _ nodes: ContractNodes, _ trial: PlanValues, _ backend: Backend) throws {
    values = trial
    try addConversions()
    kernels.append(try PlanKernel(selection.graph, chain: chain, written: nodes, backend: backend))
    for value in chain.flatMap({ selection.graph.nodes[$0].outputs }) { values.deliver(value) }
    try addConversions()
  }

  private mutating func addConversions() throws {
    for (source, target) in values.takeConversions() {
      let name = values.name(of: source.id)
      let nodes = ContractNodes(converting: source, to: target, name: name)
      let runs = backend.supported(nodes.nodes.baseAddress!, 1) == 1
      kernels.append(try PlanKernel(name, operators: "Convert", nodes, backend: runs ? backend : reference))
    }
  }
}
