import DecoupledBase
import DecoupledCore

/// An ONNX file: a graph, the weights it names, and the metadata.
public struct ONNXFile {
  private static let formatVersion = 8

  let graph: ONNXGraph
  let parameters: ParameterStore
  let metadata: [(key: String, value: String)]

  /// - Parameters:
  ///   - graph: a finished one.
  ///   - parameters: have the weights that the graph names; they are written as float32.
  ///   - metadata: what a program needs to know beside the graph.
  public init(graph: ONNXGraph, parameters: ParameterStore, metadata: [(key: String, value: String)] = []) {
    self.graph = graph
    self.parameters = parameters
    self.metadata = metadata
  }

  /// Writes the file; either the whole file is there afterwards or nothing new.
  /// - Throws: `notFound` when weights are missing, `unsupported` when it would be larger than any reader takes.
  public func write(to path: String) throws {
    var model = ProtobufMessage()
    model.integer(1, Self.formatVersion)
    model.text(2, "decoupled")
    try model.message(7) { message in
      for node in graph.nodes.enumerated() { Self.put(node.element, number: node.offset, &message) }
      message.text(2, graph.name)
      for parameter in graph.parameters {
        guard let tensor = parameters[parameter.name] else {
          throw EngineError(.notFound, "The model has no weights '\(parameter.name)'.")
        }
        message.message(5) { initializer in
          Self.put(parameter.name, tensor.shape, .float32, &initializer)
          initializer.floats(9, StoredTensor(parameter.name, tensor))
        }
      }
      for constant in graph.constants { Self.put(constant, &message) }
      for input in graph.inputs { message.message(11) { Self.put(input, &$0) } }
      for output in graph.outputs { message.message(12) { Self.put(output, &$0) } }
    }
    model.message(8) { $0.integer(2, ONNXGraph.operatorSet) }
    for (key, value) in metadata {
      model.message(14) { property in
        property.text(1, key)
        property.text(2, value)
      }
    }
    try model.write(to: path, kind: "ONNX")
  }

  /// The format's number of an element type.
  private static func number(of type: ElementType) -> Int {
    switch type {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .int32: 6
    case .int64: 7
    case .float16: 10
    case .float64: 11
    case .bfloat16: 16
    }
  }

  private static func put(_ name: String, _ shape: [Int], _ type: ElementType, _ initializer: inout ProtobufMessage) {
    initializer.integers(1, shape)
    initializer.integer(2, number(of: type))
    initializer.text(8, name)
  }

  private static func put(_ constant: ONNXGraph.Constant, _ message: inout ProtobufMessage) {
    message.message(5) { initializer in
      switch constant.content {
      case .reals(let values):
        put(constant.name, constant.shape, .float32, &initializer)
        let words = values.map { $0.bitPattern.littleEndian }
        initializer.bytes(9, words.withUnsafeBytes { Array($0) })
      case .integers(let values):
        put(constant.name, constant.shape, .int64, &initializer)
        let words = values.map { Int64($0).littleEndian }
        initializer.bytes(9, words.withUnsafeBytes { Array($0) })
      }
    }
  }

  private static func put(_ border: ONNXGraph.Border, _ value: inout ProtobufMessage) {
    value.text(1, border.name)
    value.message(2) { types in
      types.message(1) { tensor in
        tensor.integer(1, number(of: border.elementType))
        tensor.message(2) { dimensions in
          for size in border.shape { dimensions.message(1) { $0.integer(1, size) } }
        }
      }
    }
  }

  private static func put(_ node: ONNXGraph.Node, number: Int, _ message: inout ProtobufMessage) {
    message.message(1) { part in
      for input in node.inputs { part.text(1, input) }
      for output in node.outputs { part.text(2, output) }
      part.text(3, "\(node.operation)_\(number)")
      part.text(4, node.operation)
      for (name, attribute) in node.attributes {
        part.message(5) { put(attribute, name, &$0) }
      }
    }
  }

  private static func put(_ attribute: ONNXGraph.Attribute, _ name: String, _ message: inout ProtobufMessage) {
    message.text(1, name)
    switch attribute {
    case .real(let value):
      message.float(2, Float(value))
      message.integer(20, 1)
    case .integer(let value):
      message.integer(3, value)
      message.integer(20, 2)
    case .elementType(let type):
      message.integer(3, number(of: type))
      message.integer(20, 2)
    case .text(let value):
      message.text(4, value)
      message.integer(20, 3)
    case .integers(let values):
      message.integers(8, values)
      message.integer(20, 7)
    }
  }
}
