import DecoupledBackendKit
import Testing

@testable import DecoupledConformance

/// That what stands in the table of `backend.h` for an operator is tried by its entry. An operator without entry, or without
/// a type on `reference`, does not compile.
struct OperatorEntryTests {
  private static let nodesOfEach = 200

  private func nodes(_ kind: OperatorKind) -> [NodeSpec] {
    (0..<Self.nodesOfEach).map { number in
      var numbers = Numbers(7, Int(kind.rawValue) << 16 + number)
      return kind.entry.node(&numbers)
    }
  }

  @Test(arguments: OperatorKind.allCases)
  func `nodes are of their operator and have shapes`(kind: OperatorKind) throws {
    for node in nodes(kind) {
      #expect(node.kind == kind, "the entry of \(kind.name) draws \(node.kind.name)")
      let outputs = try Case([node]).shapes().outputs[0]
      #expect(outputs.count <= kind.signature.outputs.count, "\(kind.name) has more outputs than backend.h says")
      #expect(node.inputs.count <= node.inputRoles.count, "\(kind.name) has more inputs than roles")
    }
  }

  @Test(arguments: OperatorKind.allCases)
  func `every attribute is drawn`(kind: OperatorKind) {
    let drawn = Set(nodes(kind).flatMap { $0.attributes.map(\.name) })
    let known = Set(kind.signature.attributes.map(\.name))
    #expect(known.subtracting(drawn).isEmpty, "\(kind.name): no case has these attributes")
    #expect(drawn.subtracting(known).isEmpty, "\(kind.name): backend.h has no such attributes")
    for attribute in kind.signature.attributes where attribute.isRequired {
      let isEverywhere = nodes(kind).allSatisfy { $0.attributes.contains { $0.name == attribute.name } }
      #expect(isEverywhere, "\(kind.name): a case lacks the required attribute \(attribute.name)")
    }
  }

  @Test(arguments: OperatorKind.allCases)
  func `every optional operand is there and is not`(kind: OperatorKind) {
    let nodes = nodes(kind)
    for (place, operand) in kind.signature.inputs.enumerated() where operand.traits.contains(.optional) {
      func isPresent(_ node: NodeSpec) -> Bool { node.inputs.indices.contains(place) && node.inputs[place] != .absent }
      #expect(nodes.contains(where: isPresent), "\(kind.name): no case has \(operand.name)")
      #expect(nodes.contains { !isPresent($0) }, "\(kind.name): every case has \(operand.name)")
    }
    for (place, operand) in kind.signature.outputs.enumerated() where operand.traits.contains(.optional) {
      #expect(
        nodes.contains { $0.absentOutputs.contains(place) }, "\(kind.name): every case wants the result \(operand.name)"
      )
    }
  }

  @Test(arguments: OperatorKind.allCases)
  func `the work of products is counted`(kind: OperatorKind) throws {
    let node = nodes(kind)[0]
    let shapes = try Case([node]).shapes()
    let work = kind.multiplyAdds(shapes.inputs[0], result: shapes.outputs[0][0])
    let isProduct = kind.signature.precision(node.flag) == .product
    #expect((work > 0) == isProduct, "\(kind.name): OperatorKind+Work.swift counts \(work) multiplications")
  }

  @Test(arguments: OperatorKind.allCases)
  func `reference computes it`(kind: OperatorKind) throws {
    let backend = try OpenBackend(.reference)
    for node in nodes(kind).prefix(20) {
      let subject = Case([node])
      let shapes = try subject.shapes()
      let memory = NodeMemory(subject, shapes: shapes, layouts: backend.layouts(subject, shapes))
      #expect(try backend.supported(memory) == 1, "reference declines \(node)")
    }
  }
}
