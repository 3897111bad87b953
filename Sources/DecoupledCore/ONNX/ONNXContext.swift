import DecoupledBase

/// What an operator sees and uses when it says what it is in ONNX: the node, the names of its operands, and the graph it
/// appends to.
public struct ONNXContext {
  let graph: Graph
  public let node: Node
  /// Names of the node's inputs, nil where one is absent.
  let operandNames: [String?]
  public var result: ONNXGraph
  /// ONNX's indices of pools, which count through the whole batch, by the name of the places made of them.
  var poolIndices: [String: String]

  /// Whether an optional operand is there.
  public func has(_ index: Int) -> Bool { index < operandNames.count && operandNames[index] != nil }

  public func operand(_ index: Int) throws -> String {
    guard has(index), let name = operandNames[index] else {
      throw EngineError(.internal, "\(node.name): input \(index) is absent.")
    }
    return name
  }

  /// All operands; absent ones are empty, and left out at the end.
  public var operands: [String] {
    let count = (operandNames.lastIndex { $0 != nil } ?? -1) + 1
    return operandNames.prefix(count).map { $0 ?? "" }
  }

  public func type(ofInput index: Int) throws -> ValueType {
    guard index < node.inputs.count, let id = node.inputs[index] else {
      throw EngineError(.internal, "\(node.name): input \(index) is absent.")
    }
    return graph[id].type
  }

  public func type(ofOutput index: Int = 0) -> ValueType { graph[node.outputs[index]].type }

  /// The error of an operator that ONNX's set has no form for.
  /// - Parameter reason: a sentence's second half.
  public func noForm(because reason: String) -> EngineError {
    EngineError(
      .unsupported, "\(node.name): \(node.operation.operatorName) cannot be written as ONNX, because \(reason).")
  }

  /// The error of an operator that only training needs.
  public var isOfTraining: EngineError {
    noForm(because: "such a file holds a prediction and this belongs to training")
  }

  /// Appends a node and returns its output.
  public mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, ONNXGraph.Attribute)] = []
  ) -> String {
    result.add(operation, inputs, attributes, name: node.name)
  }

  public mutating func reshape(_ value: String, _ shape: [Int]) -> String {
    add("Reshape", [value, result.constant(shape)])
  }

  /// Operand `index` with one row for each row of operand `map`, which says which row of it that is; itself without such a map.
  public mutating func rows(_ index: Int, map: Int) throws -> String {
    try rows(operand(index), of: index, map: map)
  }

  /// As `rows(_:map:)`, for a value that was made of operand `index`.
  public mutating func rows(_ value: String, of index: Int, map: Int) throws -> String {
    guard has(map), try type(ofInput: index).shape[0] != 1 || type(ofInput: map).shape != [1] else { return value }
    return add("Gather", [value, try operand(map)], [("axis", .integer(0))])
  }
}

extension ONNXContext {
  /// The places y*W+x in each plane from the indices of ONNX's pools, which are ((n*C+c)*H+y)*W+x.
  /// - Parameter plane: H*W.
  public mutating func places(ofIndices indices: String, plane: Int) -> String {
    let places = add("Mod", [indices, result.constant([plane], [])])
    poolIndices[places] = indices
    return places
  }

  /// Whether operand `index` are the switches of a pool, and no pixel is in two of its windows.
  public func poolHasSeparateWindows(ofPlaces index: Int) throws -> Bool {
    guard let switches = node.inputs[index], case .result(let made, _) = graph[switches].role,
      let pool = graph.nodes[made].operation as? MaxPool
    else { return false }
    return (0..<2).allSatisfy { pool.window.kernel[$0] <= pool.window.strides[$0] }
  }

  /// ONNX's indices for the places in operand `index`, for the rows of operand `map` where that is there.
  /// - Parameter target: shape of what the indices point into.
  public mutating func indices(ofPlaces index: Int, map: Int, target: [Int]) throws -> String {
    let (rows, channels, plane) = (target[0], target[1], target[2] * target[3])
    let images = try type(ofInput: index).shape[0]
    if let indices = poolIndices[try operand(index)], images == rows || images == 1 {
      if !has(map) || rows == 1 { return indices }
      if images == 1 {
        let starts = (0..<rows).map { $0 * channels * plane }
        return add("Add", [indices, result.constant(starts, [rows, 1, 1, 1])])
      }
    }
    let starts = (0..<(rows * channels)).map { $0 * plane }
    return add("Add", [try self.rows(index, map: map), result.constant(starts, [rows, channels, 1, 1])])
  }
}
