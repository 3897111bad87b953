import DecoupledBackendKit
import DecoupledCore

/// Two operands of one shape but for the batch, or one value of the second for each plane.
protocol PairEntry: OperatorEntry {
  static var kind: OperatorKind { get }
  static func engineOperator(broadcast: Bool) -> any Operator
}

extension PairEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    guard numbers.chance(0.4) else {
      let rows = numbers.shape()
      return NodeSpec(Self.kind, [.tensor(rows)] + numbers.perImage(rows))
    }
    let image = numbers.image()
    return NodeSpec(
      Self.kind, [.tensor(image)] + numbers.perImage([image[0], image[1], 1, 1]), [.flag("broadcast", true)])
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? {
    Self.engineOperator(broadcast: node.flag("broadcast"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let (a, b) = (try reader.required(0), try reader.required(1))
    if a.shape == b.shape { return reader.made(Self.kind, [a, b], []) }
    guard a.shape.count == 4, b.shape == [a.shape[0], a.shape[1], 1, 1] else {
      throw OnnxVector.Excluded("operands that are broadcast otherwise than over pixels")
    }
    return reader.made(Self.kind, [a, b], [.flag("broadcast", true)])
  }

  func follower(of shape: [Int], _ numbers: inout Numbers) -> NodeSpec? {
    NodeSpec(Self.kind, [.previous(0), .tensor(shape)])
  }

  func differentiates(_ node: NodeSpec, input: Int) -> Bool { input == 0 || !node.hasRowMap }
}

struct MulEntry: PairEntry {
  static let kind = OperatorKind.mul
  static func engineOperator(broadcast: Bool) -> any Operator { Mul(broadcast: broadcast) }
}

struct AddEntry: PairEntry {
  static let kind = OperatorKind.add
  static func engineOperator(broadcast: Bool) -> any Operator { Add(broadcast: broadcast) }
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
