import DecoupledBackendKit
import DecoupledCore

struct ConvertEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec { NodeSpec(.convert, [.tensor(numbers.image())]) }
  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? { nil }
  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made { throw OnnxVector.Excluded("another operator") }
}
