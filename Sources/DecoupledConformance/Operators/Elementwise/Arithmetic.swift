import DecoupledBackendKit
import DecoupledCore

/// Two operands of one shape but for the batch.
protocol PairEntry: OperatorEntry {
  static var kind: OperatorKind { get }
  static var engineOperator: any Operator { get }
}

extension PairEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let rows = numbers.shape()
    return NodeSpec(Self.kind, [.tensor(rows)] + numbers.perImage(rows))
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { Self.engineOperator }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let (a, b) = (try reader.required(0), try reader.required(1))
    guard a.shape == b.shape else { throw OnnxVector.Excluded("operands that are broadcast") }
    return reader.made(Self.kind, [a, b], [])
  }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    NodeSpec(Self.kind, [.previous(0), .tensor(shape)])
  }

  func differentiates(_ node: NodeSpec, input: Int) -> Bool { input == 0 || !node.hasRowMap }
}

struct MulEntry: PairEntry {
  static let kind = OperatorKind.mul
  static let engineOperator: any Operator = Mul()
}

struct AddEntry: PairEntry {
  static let kind = OperatorKind.add
  static let engineOperator: any Operator = Add()
}

struct ScaleEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    NodeSpec(.scale, [.tensor(numbers.shape())], [.real("factor", numbers.pick([-1.75, 0, 0.1, 3]))])
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { Scale(node.real("factor")) }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { throw OnnxVector.Excluded("another operator") }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    NodeSpec(.scale, [.previous(0)], [.real("factor", 0.5)])
  }
}
