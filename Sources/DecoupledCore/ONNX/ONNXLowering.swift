import DecoupledBase

/// Walks a graph from the values that are asked for back to those that are given, and says the nodes between in ONNX.
///
/// Batches have the sizes that the graph was built with. The engine's int32 values are int64.
public struct ONNXLowering {
  private let graph: Graph
  /// What has been said so far. Callers may add to it.
  public var result: ONNXGraph
  private var names: [ValueID: String] = [:]
  private var poolIndices: [String: String] = [:]

  /// - Parameters:
  ///   - name: of the ONNX graph.
  ///   - outputs: names of all outputs that it will have.
  public init(_ graph: Graph, name: String, outputs: [String]) {
    self.graph = graph
    result = ONNXGraph(name: name, outputs: outputs)
    for value in graph.parameters { names[value] = result.parameter(graph[value].name, graph[value].type.shape) }
  }

  /// Lets a value be one that `result` has already.
  public mutating func give(_ value: ValueID, as name: String) { names[value] = name }

  /// Makes a value an input.
  public mutating func input(_ value: ValueID, _ name: String) {
    names[value] = result.input(name, graph[value].type.shape, type(of: value))
  }

  /// Makes a value an output, with all that it depends on.
  public mutating func output(_ value: ValueID, _ name: String) throws {
    result.output(name, try self.name(of: value), graph[value].type.shape, type(of: value))
  }

  /// Makes the places of a pool's maxima an input in the form of ONNX's indices, which count through the whole batch.
  public mutating func inputIndices(_ switches: ValueID, _ name: String) throws {
    let (node, plane) = try pool(switches)
    let indices = result.input(name, graph[switches].type.shape, .int64)
    names[switches] = append(node, []) { $0.places(ofIndices: indices, plane: plane) }
  }

  /// Makes the places of a pool's maxima an output in the form of ONNX's indices.
  public mutating func outputIndices(_ switches: ValueID, _ name: String) throws {
    _ = try pool(switches)
    guard let indices = poolIndices[try self.name(of: switches)] else {
      throw EngineError(.internal, "'\(graph[switches].name)' is not given as the indices of a pool.")
    }
    result.output(name, indices, graph[switches].type.shape, .int64)
  }

  /// The name of a value in `result`; the nodes that make it are added where they are missing.
  /// - Throws: `invalidArgument` when an input is needed that is not given, `unsupported` naming a node that has no form in ONNX.
  public mutating func name(of value: ValueID) throws -> String {
    if let name = names[value] { return name }
    var needed = Set<Int>()
    var open = [value]
    while let value = open.popLast() {
      guard names[value] == nil else { continue }
      guard case .result(let node, _) = graph[value].role else {
        throw EngineError(
          .invalidArgument, "The ONNX graph needs the input '\(graph[value].name)', which is not given.")
      }
      if needed.insert(node).inserted { open += graph.nodes[node].inputs.compactMap { $0 } }
    }
    for index in needed.sorted() {
      let node = graph.nodes[index]
      let operands = try node.inputs.map { try $0.map(said) }
      let made = try append(node, operands) { try node.operation.onnx(&$0) }
      for (output, name) in zip(node.outputs, made) where names[output] == nil { names[output] = name }
    }
    return try said(value)
  }

  private func said(_ value: ValueID) throws -> String {
    if let name = names[value] { return name }
    throw EngineError(.unsupported, "'\(graph[value].name)' cannot be written as ONNX: only training needs it.")
  }

  private mutating func append<Names>(
    _ node: Node, _ operands: [String?], _ body: (inout ONNXContext) throws -> Names
  ) rethrows -> Names {
    var context = ONNXContext(
      graph: graph, node: node, operandNames: operands, result: result, poolIndices: poolIndices)
    let names = try body(&context)
    result = context.result
    poolIndices = context.poolIndices
    return names
  }

  private func type(of value: ValueID) -> ElementType {
    graph[value].type.elementType == .int32 ? .int64 : graph[value].type.elementType
  }

  /// The pool that made these switches, and the number of pixels of a plane that they point into.
  private func pool(_ switches: ValueID) throws -> (node: Node, plane: Int) {
    guard case .result(let index, 1) = graph[switches].role, graph[switches].type.elementType == .int32,
      let input = graph.nodes[index].inputs[0]
    else { throw EngineError(.invalidArgument, "'\(graph[switches].name)' are not the switches of a pool.") }
    return (graph.nodes[index], graph[input].type.shape[2...].reduce(1, *))
  }
}
