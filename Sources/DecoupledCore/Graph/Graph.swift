import DecoupledBase

/// Operators over typed, shaped values, in an order in which they can run.
public struct Graph: Sendable {
  public private(set) var values: [Value] = []
  public private(set) var nodes: [Node] = []
  private var names: [String: ValueID] = [:]

  public init() {}

  public subscript(id: ValueID) -> Value { values[id.index] }

  /// The value of that name.
  /// - Throws: `notFound` with the names that come near.
  public func value(named name: String) throws -> ValueID {
    if let found = names[name] { return found }
    let near = names.keys.filter { $0.contains(name) || name.contains($0) }.sorted().prefix(4).joined(separator: ", ")
    throw EngineError(.notFound, "The network has no value named '\(name)'\(near.isEmpty ? "" : "; there is \(near)").")
  }

  public func hasValue(named name: String) -> Bool { names[name] != nil }

  /// All parameters in the order in which they were added.
  public var parameters: [ValueID] { values.filter { $0.role == .parameter }.map(\.id) }

  public mutating func addInput(_ name: String, _ type: ValueType) throws -> ValueID {
    try append(name, type, .input)
  }

  public mutating func addParameter(
    _ name: String, _ shape: [Int], _ elementType: ElementType = .float32, traits: ParameterTraits = .init()
  ) throws -> ValueID {
    try append(name, ValueType(elementType, shape), .parameter, traits)
  }

  /// Adds a node and returns its outputs. The first output is named after the node, further ones get `.1`, `.2`.
  /// - Throws: when the operator does not accept these inputs; the message names the node.
  @discardableResult
  public mutating func add(_ operation: any Operator, _ inputs: [ValueID?], name: String) throws -> [ValueID] {
    try add(operation, inputs, name: name, isGradient: false)
  }

  /// As `add`, for operators of which only the first output matters.
  public mutating func add1(_ operation: any Operator, _ inputs: [ValueID?], name: String) throws -> ValueID {
    try add(operation, inputs, name: name)[0]
  }

  mutating func add(
    _ operation: any Operator, _ inputs: [ValueID?], name: String, isGradient: Bool
  ) throws -> [ValueID] {
    let types: [ValueType]
    do {
      types = try operation.outputTypes(inputs.map { $0.map { values[$0.index].type } })
    } catch let error as EngineError {
      throw EngineError(error.status, "\(name): \(error.message)")
    }
    let node = nodes.count
    let outputs = try types.enumerated().map { output, type in
      try append(output == 0 ? name : "\(name).\(output)", type, .result(node: node, output: output))
    }
    nodes.append(Node(name: name, operation: operation, inputs: inputs, outputs: outputs, isGradient: isGradient))
    return outputs
  }

  /// A name that no value has yet, for nodes that are made by transformations.
  func freeName(_ base: String) -> String {
    if names[base] == nil { return base }
    var number = 2
    while names["\(base)#\(number)"] != nil { number += 1 }
    return "\(base)#\(number)"
  }

  private mutating func append(
    _ name: String, _ type: ValueType, _ role: ValueRole, _ traits: ParameterTraits? = nil
  ) throws -> ValueID {
    guard names[name] == nil else {
      throw EngineError(.invalidArgument, "Two values of the network are named '\(name)'; names must differ.")
    }
    _ = try Tensor.elementCount(type.shape)
    let id = ValueID(index: values.count)
    values.append(Value(id: id, name: name, type: type, role: role, traits: traits))
    names[name] = id
    return id
  }
}
