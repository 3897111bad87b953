public import DecoupledBackendKit
import DecoupledBase

/// An attribute of an operator as it crosses to a backend.
public struct Attribute: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    case integers([Int])
    case reals([Double])
  }

  public let name: String
  public let content: Content

  public static func integers(_ name: String, _ values: [Int]) -> Attribute {
    Attribute(name: name, content: .integers(values))
  }

  public static func integer(_ name: String, _ value: Int) -> Attribute { integers(name, [value]) }

  public static func flag(_ name: String, _ value: Bool) -> Attribute { integers(name, [value ? 1 : 0]) }

  public static func reals(_ name: String, _ values: [Double]) -> Attribute {
    Attribute(name: name, content: .reals(values))
  }

  public static func real(_ name: String, _ value: Double) -> Attribute { reals(name, [value]) }

  /// What says that a gradient has row_to_image as its last input; left out where it has not.
  static func mapped(_ mapped: Bool) -> [Attribute] { mapped ? [flag("mapped", true)] : [] }
}

/// An operator: its attributes, the types of its results and its gradient. Semantics are those of `backend.h`.
public protocol Operator: Sendable {
  /// What it is to a backend, or nil when the plan resolves the operator as a view of memory.
  var kind: OperatorKind? { get }
  var attributes: [Attribute] { get }
  /// Outputs that a backend may leave out when nobody reads them.
  var optionalOutputs: Set<Int> { get }
  /// The types of the outputs; absent inputs are nil.
  /// - Throws: a sentence without the layer's name, which the graph adds.
  func outputTypes(_ inputs: [ValueType?]) throws -> [ValueType]
  /// How the backward pass computes the first result of such a node once more, where that is cheap; nil where it is kept.
  func recomputation(of node: Node) -> Recomputation?
  /// Appends the nodes that compute the wanted gradients and returns one per input, nil where there is none.
  func gradient(_ context: inout GradientContext) throws -> [ValueID?]
  /// Appends what the operator is in ONNX and returns the names of its outputs.
  /// - Throws: `unsupported` with the reason when ONNX has no such thing.
  func onnx(_ context: inout ONNXContext) throws -> [String]
}

extension Operator {
  public var attributes: [Attribute] { [] }
  public var optionalOutputs: Set<Int> { [] }
  public func recomputation(of node: Node) -> Recomputation? { nil }

  /// Name for messages and tables.
  public var operatorName: String { kind?.name ?? "\(type(of: self))" }

  public func gradient(_ context: inout GradientContext) throws -> [ValueID?] {
    throw EngineError(.unsupported, "\(context.node.name): \(operatorName) has no gradient.")
  }

  /// The type of a required input.
  func required(_ inputs: [ValueType?], _ index: Int) throws -> ValueType {
    guard index < inputs.count, let type = inputs[index] else {
      throw EngineError(.invalidArgument, "\(operatorName) needs input \(index).")
    }
    return type
  }

  /// The type of a required input of rank 4: N, C, H, W.
  func image(_ inputs: [ValueType?], _ index: Int) throws -> ValueType {
    let type = try required(inputs, index)
    guard type.shape.count == 4 else {
      throw EngineError(.invalidArgument, "\(operatorName) needs a tensor N,C,H,W as input \(index), not \(type).")
    }
    return type
  }

  func optional(_ inputs: [ValueType?], _ index: Int) -> ValueType? { index < inputs.count ? inputs[index] : nil }

  /// Checks `row_to_image`, and that a per-image operand matches row by row when it is absent.
  func checkRows(_ rows: ValueType, perImage: ValueType, map: ValueType?) throws {
    guard rows.shape.dropFirst() == perImage.shape.dropFirst() else {
      throw EngineError(.invalidArgument, "\(operatorName) joins \(rows) with \(perImage), whose shapes differ.")
    }
    if let map {
      guard map.elementType == .int32, map.shape.count == 1, map.shape[0] == rows.shape[0] else {
        throw EngineError(
          .invalidArgument, "\(operatorName) needs row_to_image of type int32[\(rows.shape[0])], not \(map).")
      }
    } else if rows.shape[0] != perImage.shape[0] {
      throw EngineError(.invalidArgument, "\(operatorName) joins \(rows) with \(perImage) without row_to_image.")
    }
  }
}
