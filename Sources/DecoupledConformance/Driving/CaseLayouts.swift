import CDecoupled
import DecoupledCore

/// The layout of every value of a case.
struct CaseLayouts {
  private(set) var inputs: [[Int32]] = []
  private(set) var outputs: [[Int32]] = []

  /// - Parameter preferred: what the backend prefers for a value.
  init(_ subject: Case, shapes: Case.Shapes, preferred: (ElementType, [Int]) -> Int32) {
    let rowMajor = Int32(DCN_LAYOUT_NCHW)
    func layout(_ type: ElementType, _ shape: [Int], isParameter: Bool, isResult: Bool) -> Int32 {
      guard shape.count == 4, !isParameter else { return rowMajor }
      switch subject.layout {
      case .nchw: return rowMajor
      case .nhwc: return Int32(DCN_LAYOUT_NHWC)
      case .preferred: return preferred(type, shape)
      case .mixed: return isResult ? rowMajor : preferred(type, shape)
      }
    }
    for (index, node) in subject.nodes.enumerated() {
      let roles = node.inputRoles
      outputs.append(
        shapes.outputs[index].enumerated().map { place, shape in
          layout(
            subject.type(node: index, output: place), shape, isParameter: false,
            isResult: !subject.isInternal(node: index, output: place))
        })
      inputs.append(
        node.inputs.indices.map { place in
          if case .previous(let output) = node.inputs[place] { return outputs[index - 1][output] }
          let isParameter = roles.indices.contains(place) && roles[place].isParameter
          guard let shape = shapes.inputs[index][place] else { return rowMajor }
          return layout(
            subject.type(node: index, input: place), shape, isParameter: isParameter, isResult: false)
        })
    }
    if subject.nodes[0].kind == .convert, shapes.inputs[0][0]?.count == 4 { convert(subject) }
  }

  /// A Convert goes from row-major to the other layout, and back where the results are to be row-major.
  private mutating func convert(_ subject: Case) {
    let (other, rowMajor) = (outputs[0][0], Int32(DCN_LAYOUT_NCHW))
    if subject.layout != .mixed { (inputs[0][0], outputs[0][0]) = (rowMajor, other) }
  }

  /// Those of the first nodes.
  func prefix(_ count: Int) -> CaseLayouts {
    var result = self
    result.inputs = Array(inputs.prefix(count))
    result.outputs = Array(outputs.prefix(count))
    return result
  }

  /// Whether any value lies in a layout that only the backend reads.
  var isPrivate: Bool { (inputs + outputs).contains { $0.contains { $0 >= Int32(DCN_LAYOUT_PRIVATE) } } }
}
