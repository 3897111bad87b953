import DecoupledBase
import DecoupledCore

/// What the tool knows of one operator beyond its signature in `backend.h`. The first three differ for every operator; what
/// has a standard here is the simplest and strictest, so that an operator for which it is wrong fails its cases.
protocol OperatorEntry: Sendable {
  /// A node with random attributes, and with shapes that no vector or tile divides. Attributes at their defaults are
  /// sometimes written out and sometimes not.
  func node(_ numbers: inout Numbers) -> NodeSpec
  /// The engine's operator whose gradient is compared with differences; nil where the engine has none, or no gradient of a
  /// node with these attributes.
  /// - Parameter shapes: of the inputs.
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)?
  /// A published case of the ONNX operator with that name.
  /// - Throws: `OnnxVector.Excluded` where it is none of ours.
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made

  /// Shapes of the outputs, from the formula in `backend.h`.
  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]]
  /// What inputs are filled with by their names, where it is not -1...1.
  var fills: [String: OperandRole.Fill] { get }
  /// Roles of the inputs, in their order.
  func roles(_ node: NodeSpec) -> [OperandRole]
  /// What must become of NaN and infinity in the inputs.
  func specials(_ node: NodeSpec) -> SpecialValues
  /// Whether a run may bring fewer rows: every batch is dimension 0 of each operand that has one.
  func takesFewerRows(_ node: NodeSpec) -> Bool
  /// A node whose first input is a result of that shape, made by the node before; nil where none fits.
  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec?
  /// Whether it is tried as the last operator of fused convolutions and normalisations.
  var isActivation: Bool { get }
  /// By which channels a large node may be judged, nil for all of it.
  func channels(_ node: NodeSpec) -> ChannelSample?

  /// Whether an input has a gradient: targets, statistics that are given, and operands that rows share have none.
  func differentiates(_ node: NodeSpec, input: Int) -> Bool
  /// Whether differences can judge the gradient of a node with these inputs.
  func isSmooth(_ node: NodeSpec, _ shapes: [[Int]?], _ values: [[Double]]) -> Bool
  /// On which side of its kinks a result lies.
  func side(_ node: NodeSpec, of result: Float) -> Int
}

extension OperatorEntry {
  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] { [try inputs(0)] }
  var fills: [String: OperandRole.Fill] { [:] }
  func roles(_ node: NodeSpec) -> [OperandRole] {
    node.kind.signature.inputs.map { OperandRole($0, fills[$0.name]) }
  }
  func specials(_ node: NodeSpec) -> SpecialValues { .exact }
  func takesFewerRows(_ node: NodeSpec) -> Bool { true }
  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? { nil }
  var isActivation: Bool { false }
  func channels(_ node: NodeSpec) -> ChannelSample? { nil }
  func differentiates(_ node: NodeSpec, input: Int) -> Bool { true }
  func isSmooth(_ node: NodeSpec, _ shapes: [[Int]?], _ values: [[Double]]) -> Bool { true }
  func side(_ node: NodeSpec, of result: Float) -> Int { 0 }
}

/// An operator that is a gradient, which neither ONNX nor the engine differentiates.
protocol GradientEntry: OperatorEntry {}

extension GradientEntry {
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) throws -> (any Operator)? { nil }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { throw OnnxVector.Excluded("another operator") }
}

/// What must become of NaN and infinity in the inputs.
enum SpecialValues {
  /// Every element as the formula has it.
  case exact
  /// What the formula makes not finite stays so; other results of the same image may become so too, because transforms
  /// and products of blocks mix its pixels.
  case withinImage
  /// The same for the whole result.
  case anywhere
}

/// Where the channels of a result lie in it and in the inputs that they alone read.
struct ChannelSample {
  /// Axis of the first output.
  let axis: Int
  /// Axes of inputs by their places.
  let inputs: [Int: Int]
}

/// The shapes of a node's inputs, nil for absent ones.
struct InputShapes {
  let node: NodeSpec
  let shapes: [[Int]?]

  /// - Throws: `EngineError` when the input is absent or does not fit.
  func callAsFunction(_ index: Int, rank: Int? = nil) throws -> [Int] {
    guard shapes.indices.contains(index), let found = shapes[index] else {
      throw EngineError(.invalidArgument, "\(node.kind.name) needs input \(index).")
    }
    guard found.allSatisfy({ $0 > 0 }), (1...8).contains(found.count), rank == nil || found.count == rank else {
      throw EngineError(.invalidArgument, "\(node.kind.name) does not take a shape of \(found) as input \(index).")
    }
    return found
  }
}
