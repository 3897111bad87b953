import CDecoupled
import DecoupledBackendKit
import DecoupledCore

/// Nodes as people and the conformance tool read them.
struct ChainText: Hashable {
  /// Names of the first and last node.
  let layer: String
  /// Operators, joined by "+".
  let operators: String
  /// What `decoupled backend test --case` repeats: `Conv[2x3x17x19 8x3x3x3 8](pads=1,1,1,1)+Relu[^] seed=1`.
  let caseText: String

  init(_ nodes: Chain) {
    let names = nodes.map(\.layerName)
    layer = names.count > 1 ? "\(names[0])…\(names[names.count - 1])" : names.first ?? ""
    operators = nodes.map(\.operatorName).joined(separator: "+")
    var made: [Int32: Int] = [:]
    var words: [String] = []
    for node in nodes {
      words.append(node.text(readingFrom: made))
      made = [:]
      for (place, output) in node.outputOperands.enumerated() where output.isInternal { made[output.value] = place }
    }
    caseText = ([words.joined(separator: "+")] + Self.circumstances(nodes) + ["seed=1"]).joined(separator: " ")
  }

  /// What is not as usual about the tensors of the nodes.
  private static func circumstances(_ nodes: Chain) -> [String] {
    var words: [String] = []
    let inputs = nodes.flatMap(\.inputOperands).filter { !$0.isAbsent && !$0.isInternal }
    let outputs = nodes.flatMap(\.outputOperands).filter { !$0.isAbsent && !$0.isInternal }
    if let type = inputs.first.flatMap({ ElementType(rawValue: $0.tensor.element_type) }), type != .float32,
      type.isFloatingPoint
    {
      words.append("type=\(type)")
    }
    func layouts(_ operands: [dcn_operand]) -> Set<Int32> {
      Set(operands.filter { $0.tensor.rank == 4 && !$0.isConstant }.map(\.tensor.layout))
    }
    let (read, written) = (layouts(inputs), layouts(outputs))
    let rowMajor = Int32(DCN_LAYOUT_NCHW)
    if !read.union(written).isSubset(of: [rowMajor]) {
      if read.union(written) == [Int32(DCN_LAYOUT_NHWC)] {
        words.append("layout=nhwc")
      } else {
        words.append(written == [rowMajor] ? "layout=mixed" : "layout=preferred")
      }
    }
    if (inputs + outputs).contains(where: \.tensor.hasGaps) { words.append("gap=slice") }
    let half = Int32(DCN_ELEMENT_F16)
    if inputs.contains(where: { $0.isConstant && $0.tensor.element_type == half }) { words.append("weights=float16") }
    if nodes.contains(where: \.readsChangingWeights) { words.append("constants=no") }
    return words
  }
}

extension dcn_node {
  fileprivate var readsChangingWeights: Bool {
    zip(inputOperands, operatorKind?.signature.inputs ?? []).contains { operand, described in
      described.traits.contains(.weight) && !operand.isConstant && !operand.isInternal
    }
  }

  /// - Parameter made: places among the outputs of the node before, by the numbers of its internal values.
  fileprivate func text(readingFrom made: [Int32: Int]) -> String {
    let shapes = inputOperands.map { operand -> String in
      if operand.isAbsent { return "-" }
      if operand.isInternal, let place = made[operand.value] { return place == 0 ? "^" : "^\(place)" }
      return operand.tensor.shapeText
    }
    let written = UnsafeBufferPointer(start: attributes, count: Int(attribute_count)).map { attribute -> String in
      let places = 0..<Int(attribute.count)
      let values =
        attribute.integers.map { list in places.map { "\(list[$0])" } }
        ?? attribute.reals.map { list in places.map { "\(list[$0])" } } ?? []
      return "\(String(cString: attribute.name))=\(values.joined(separator: ","))"
    }
    let absent = outputOperands.enumerated().filter { $0.element.isAbsent }.map { "!\($0.offset)" }.joined()
    return operatorName + "[\(shapes.joined(separator: " "))]"
      + (written.isEmpty ? "" : "(\(written.joined(separator: " ")))") + absent
  }
}

extension dcn_tensor {
  /// `2x3x17x19`.
  var shapeText: String { shape.map(String.init).joined(separator: "x") }

  /// Whether memory between the elements belongs to something else.
  var hasGaps: Bool {
    guard rank > 0, elementCount > 0 else { return false }
    let span = 1 + (0..<Int(rank)).reduce(0) { $0 + (dimension($1) - 1) * stride($1) }
    return span > elementCount
  }
}
