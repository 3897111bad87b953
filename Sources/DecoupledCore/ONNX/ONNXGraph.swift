/// A graph of ONNX operators that is being put together: what a file of that format says, without its encoding and without
/// the values of the weights.
public struct ONNXGraph: Sendable {
  /// Operators are those of this set, the highest whose MaxUnpool and ConvTranspose all runtimes have.
  public static let operatorSet = 13

  public enum Attribute: Sendable {
    case integer(Int)
    case integers([Int])
    case real(Double)
    case text(String)
    case elementType(ElementType)
  }

  public struct Node: Sendable {
    public let operation: String
    /// Absent operands are empty.
    public fileprivate(set) var inputs: [String]
    public fileprivate(set) var outputs: [String]
    public let attributes: [(String, Attribute)]
  }

  /// Something that enters or leaves the graph: an input, an output, or weights that the file holds under their name.
  public struct Border: Sendable {
    public let name: String
    public let elementType: ElementType
    public let shape: [Int]
  }

  /// Values that the graph itself knows.
  public struct Constant: Sendable {
    public enum Content: Sendable {
      /// int64.
      case integers([Int])
      /// float32.
      case reals([Float])
    }
    public let name: String
    public let shape: [Int]
    public let content: Content
  }

  public let name: String
  public private(set) var nodes: [Node] = []
  public private(set) var constants: [Constant] = []
  public private(set) var parameters: [Border] = []
  public private(set) var inputs: [Border] = []
  public private(set) var outputs: [Border] = []
  /// What the outputs are called inside, until `finished`.
  private var results: [String] = []
  private var taken: Set<String>

  /// - Parameter outputs: names that the file's users know; no value inside takes one of them.
  public init(name: String, outputs: [String]) {
    self.name = name
    taken = Set(outputs)
  }

  /// `base`, or `base` with a number where something bears that name.
  private mutating func free(_ base: String) -> String {
    var (name, number) = (base, 1)
    while !taken.insert(name).inserted {
      number += 1
      name = "\(base)#\(number)"
    }
    return name
  }

  /// - Returns: the name of the value, as all of these do.
  public mutating func input(_ name: String, _ shape: [Int], _ elementType: ElementType = .float32) -> String {
    inputs.append(Border(name: free(name), elementType: elementType, shape: shape))
    return inputs[inputs.count - 1].name
  }

  /// Weights that the file holds as float32 under this name.
  public mutating func parameter(_ name: String, _ shape: [Int]) -> String {
    parameters.append(Border(name: free(name), elementType: .float32, shape: shape))
    return parameters[parameters.count - 1].name
  }

  /// - Parameter shape: a scalar when left out.
  public mutating func constant(_ values: [Float], _ shape: [Int] = []) -> String { constant(.reals(values), shape) }

  /// - Parameter shape: a vector when left out.
  public mutating func constant(_ values: [Int], _ shape: [Int]? = nil) -> String {
    constant(.integers(values), shape ?? [values.count])
  }

  private mutating func constant(_ content: Constant.Content, _ shape: [Int]) -> String {
    constants.append(Constant(name: free("constant"), shape: shape, content: content))
    return constants[constants.count - 1].name
  }

  /// Adds a node with one output, called `name` or after the operator.
  public mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [], name: String? = nil
  ) -> String {
    add(operation, inputs, attributes, names: [name ?? operation.lowercased()])[0]
  }

  /// Adds a node with several outputs.
  public mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [], names: [String]
  ) -> [String] {
    let outputs = names.map { free($0) }
    nodes.append(Node(operation: operation, inputs: inputs, outputs: outputs, attributes: attributes))
    return outputs
  }

  /// Hands a value out under one of the names given at the start.
  public mutating func output(
    _ name: String, _ value: String, _ shape: [Int], _ elementType: ElementType = .float32
  ) {
    outputs.append(Border(name: name, elementType: elementType, shape: shape))
    results.append(value)
  }

  /// The graph with its outputs under their names, and without what no output depends on.
  public func finished() -> ONNXGraph {
    var graph = self
    let made = Set(nodes.flatMap(\.outputs))
    var names: [String: String] = [:]
    for (output, value) in zip(outputs, results) where made.contains(value) && names[value] == nil {
      names[value] = output.name
    }
    for index in nodes.indices {
      graph.nodes[index].inputs = nodes[index].inputs.map { names[$0] ?? $0 }
      graph.nodes[index].outputs = nodes[index].outputs.map { names[$0] ?? $0 }
    }
    // What no node makes, or what is handed out twice.
    for (output, value) in zip(outputs, results) where names[value] != output.name {
      graph.nodes.append(
        Node(operation: "Identity", inputs: [names[value] ?? value], outputs: [output.name], attributes: []))
    }
    graph.removeUnread()
    return graph
  }

  private mutating func removeUnread() {
    var read = Set(outputs.map(\.name))
    var kept: [Node] = []
    for var node in nodes.reversed() where node.outputs.contains(where: read.contains) {
      // ONNX's operators may leave out their last outputs; pools without indices run on more programs.
      while let last = node.outputs.last, !read.contains(last) { node.outputs.removeLast() }
      read.formUnion(node.inputs)
      kept.append(node)
    }
    nodes = kept.reversed()
    inputs.removeAll { !read.contains($0.name) }
    parameters.removeAll { !read.contains($0.name) }
    constants.removeAll { !read.contains($0.name) }
  }
}
