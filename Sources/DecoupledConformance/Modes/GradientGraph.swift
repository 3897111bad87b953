import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

/// A case as a graph of the engine, with the gradients of its first result appended.
struct GradientGraph {
  let graph: Graph
  /// Inputs of the case by node and place, and the tensor type of each.
  let operands: [(node: Int, place: Int, id: ValueID)]
  /// Those that are differentiated, with their gradients.
  private(set) var sources: [(operand: Int, gradient: ValueID)] = []
  let result: ValueID
  let seed: ValueID
  /// What tells on which side of a kink a result lies: places of maxima.
  private(set) var places: ValueID?

  /// - Throws: `EngineError` where the engine has no such operator, or no gradient of it.
  init(_ subject: Case) throws {
    let shapes = try subject.shapes()
    var graph = Graph()
    var operands: [(node: Int, place: Int, id: ValueID)] = []
    var made: [[ValueID]] = []
    for (index, node) in subject.nodes.enumerated() {
      let roles = node.inputRoles
      let inputs = try node.inputs.indices.map { place -> ValueID? in
        switch node.inputs[place] {
        case .absent: return nil
        case .previous(let output): return made[index - 1][output]
        case .tensor(let shape):
          let name = "\(index).\(roles[place].name)"
          let type = subject.type(node: index, input: place)
          let id =
            roles[place].isParameter
            ? try graph.addParameter(name, shape) : try graph.addInput(name, ValueType(type, shape))
          operands.append((index, place, id))
          return id
        }
      }
      guard let operation = try node.kind.entry.engineOperator(node, shapes.inputs[index]) else {
        throw EngineError(.unsupported, "The engine does not differentiate \(node).")
      }
      let outputs = try graph.add(operation, inputs, name: "layer\(index)")
      guard outputs.map({ graph[$0].type.shape }) == Array(shapes.outputs[index].prefix(outputs.count)) else {
        throw EngineError(.unsupported, "The engine's \(node.kind.name) has other shapes.")
      }
      made.append(outputs)
    }
    result = made[made.count - 1][0]
    if subject.nodes[subject.nodes.count - 1].kind == .maxPool { places = made[made.count - 1][1] }
    seed = try graph.addInput("seed", graph[result].type)
    let wanted = operands.indices.filter { index in
      let (node, place, id) = operands[index]
      guard graph[id].type.elementType == .float32 else { return false }
      return subject.nodes[node].kind.entry.differentiates(subject.nodes[node], input: place)
    }
    let gradients = try graph.gradient(of: result, withRespectTo: wanted.map { operands[$0].id }, seed: seed)
    sources = zip(wanted, gradients).compactMap { index, gradient in gradient.map { (index, $0) } }
    self.graph = graph
    self.operands = operands
    guard !sources.isEmpty else { throw EngineError(.unsupported, "\(subject) has nothing to differentiate.") }
  }
}
