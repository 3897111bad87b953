import DecoupledBase

/// An ONNX graph that is being put together: nodes, weights, inputs and outputs, and the metadata of the file.
struct ONNXGraph {
  /// Element types of values, by their numbers in the format.
  enum ValueType: Int {
    case float = 1
    case int64 = 7
  }

  /// Attributes of nodes.
  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
  }

  /// Operators as of this set; the highest whose MaxUnpool and ConvTranspose all runtimes have.
  static let operatorSet = 13
  static let formatVersion = 8

  private let name: String
  private var nodes = ProtobufMessage()
  private var initializers = ProtobufMessage()
  private var inputs = ProtobufMessage()
  private var outputs = ProtobufMessage()
  private var metadata = ProtobufMessage()
  private var known = Set<String>()
  private var count = 0

  init(name: String) { self.name = name }

  private static func value(_ name: String, _ shape: [Int], _ type: ValueType) -> ProtobufMessage {
    var value = ProtobufMessage()
    value.text(1, name)
    value.message(2) { types in
      types.message(1) { tensor in
        tensor.integer(1, type.rawValue)
        tensor.message(2) { dimensions in
          for size in shape { dimensions.message(1) { $0.integer(1, size) } }
        }
      }
    }
    return value
  }

  mutating func input(_ name: String, _ shape: [Int], _ type: ValueType = .float) -> String {
    inputs.message(11, Self.value(name, shape, type))
    return name
  }

  mutating func output(_ name: String, _ shape: [Int], _ type: ValueType = .float) {
    outputs.message(12, Self.value(name, shape, type))
  }

  /// Weights of the model under their name, once.
  mutating func parameter(_ name: String, of model: Model) throws -> String {
    guard known.insert(name).inserted else { return name }
    guard let tensor = model.parameters[name] else {
      throw EngineError(.notFound, "The model has no weights '\(name)'.")
    }
    initializers.message(5) { initializer in
      initializer.integers(1, tensor.shape)
      initializer.integer(2, ValueType.float.rawValue)
      initializer.text(8, name)
      initializer.floats(9, StoredTensor(name, tensor))
    }
    return name
  }

  mutating func constant(_ values: [Float], _ shape: [Int]) -> String {
    constant(values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }, shape, .float)
  }

  mutating func constant(_ values: [Int], _ shape: [Int]? = nil) -> String {
    constant(
      values.flatMap { withUnsafeBytes(of: Int64($0).littleEndian) { Array($0) } }, shape ?? [values.count], .int64)
  }

  private mutating func constant(_ bytes: [UInt8], _ shape: [Int], _ type: ValueType) -> String {
    count += 1
    let name = "constant\(count)"
    initializers.message(5) { initializer in
      initializer.integers(1, shape)
      initializer.integer(2, type.rawValue)
      initializer.text(8, name)
      initializer.bytes(9, bytes)
    }
    return name
  }

  /// Adds a node; the first output is returned. Names that are not given are numbered.
  @discardableResult
  mutating func add(
    _ operation: String, _ operands: [String], to results: [String]? = nil, _ attributes: [(String, Attribute)] = []
  ) -> String {
    count += 1
    let results = results ?? ["\(operation.lowercased())\(count)"]
    nodes.message(1) { node in
      for operand in operands { node.text(1, operand) }
      for result in results { node.text(2, result) }
      node.text(3, "\(operation)_\(count)")
      node.text(4, operation)
      for (name, attribute) in attributes {
        node.message(5) { message in
          message.text(1, name)
          switch attribute {
          case .float(let value):
            message.float(2, value)
            message.integer(20, 1)
          case .integer(let value):
            message.integer(3, value)
            message.integer(20, 2)
          case .integers(let values):
            message.integers(8, values)
            message.integer(20, 7)
          }
        }
      }
    }
    return results[0]
  }

  mutating func note(_ key: String, _ value: String) {
    metadata.message(14) { property in
      property.text(1, key)
      property.text(2, value)
    }
  }

  /// The whole file.
  func message() -> ProtobufMessage {
    var graph = nodes
    graph.text(2, name)
    graph.append(initializers)
    graph.append(inputs)
    graph.append(outputs)
    var model = ProtobufMessage()
    model.integer(1, Self.formatVersion)
    model.text(2, "decoupled")
    model.message(7, graph)
    model.message(8) { $0.integer(2, Self.operatorSet) }
    model.append(metadata)
    return model
  }
}
