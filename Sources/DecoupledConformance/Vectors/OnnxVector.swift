import DecoupledBackendKit
import DecoupledBase

/// A published case of ONNX as a case of ours: the same operator where the contract names it after ONNX's.
struct OnnxVector {
  /// Why a published case is none of ours.
  struct Excluded: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }

  private(set) var subject: Case
  private(set) var inputs: [[Double]] = []
  /// By output of the node, nil where ONNX's has none that compares.
  private(set) var expected: [[Double]?]

  /// - Throws: `Excluded`, or `EngineError` for a damaged file.
  init(_ node: OnnxNode, inputs given: [OnnxTensor?], outputs: [OnnxTensor]) throws {
    guard let kind = OperatorKind(name: node.operation) else { throw Excluded("another operator") }
    guard let first = given.first ?? nil, let type = first.elementType else { throw Excluded("an element type") }
    guard type == .float32 || type == .float64 else { throw Excluded("elements of \(type)") }
    expected = outputs.map(\.values)
    subject = Case([NodeSpec(kind, [])])
    subject.elementType = type
    let made = try kind.entry.onnx(OnnxReader(node, given, outputs))
    subject.nodes = [made.spec]
    inputs = made.values
    if let own = made.expected { expected = own }
    guard made.spec.inputs.allSatisfy({ if case .tensor(let shape) = $0 { !shape.isEmpty } else { true } }) else {
      throw Excluded("a scalar operand")
    }
    guard (try? subject.shapes()) != nil else { throw Excluded("shapes without elements") }
  }
}
