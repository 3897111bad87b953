import DecoupledCore

struct GemmEntry: OperatorEntry {
  func node(_ numbers: inout Numbers) -> NodeSpec {
    let (m, k, n) = (numbers.int(1...40), numbers.int(1...70), numbers.int(1...40))
    let (transA, transB) = (numbers.chance(0.4), numbers.chance(0.5))
    let c = numbers.pick([nil, nil, [n], [1, n], [m, 1], [m, n]])
    var attributes: [Attribute] = []
    if transA || numbers.chance(0.3) { attributes.append(.flag("transA", transA)) }
    if transB || numbers.chance(0.3) { attributes.append(.flag("transB", transB)) }
    if numbers.chance(0.4) { attributes.append(.real("alpha", numbers.pick([-0.5, 1, 2]))) }
    if numbers.chance(0.4) { attributes.append(.real("beta", numbers.pick([0, 0.5, 1]))) }
    return NodeSpec(
      .gemm,
      [.tensor(transA ? [k, m] : [m, k]), .tensor(transB ? [n, k] : [k, n])] + (c.map { [.tensor($0)] } ?? []),
      attributes)
  }

  func outputShapes(_ node: NodeSpec, _ inputs: InputShapes) throws -> [[Int]] {
    let (a, b) = (try inputs(0, rank: 2), try inputs(1, rank: 2))
    return [[a[node.flag("transA") ? 1 : 0], b[node.flag("transB") ? 0 : 1]]]
  }

  func engineOperator(_ node: NodeSpec, _ shapes: [[Int]?]) -> (any Operator)? {
    Gemm(
      transA: node.flag("transA"), transB: node.flag("transB"), alpha: node.real("alpha"), beta: node.real("beta"))
  }

  func onnx(_ reader: OnnxReader) throws -> OnnxReader.Made {
    let c = reader.operand(2)
    if let c, c.shape.isEmpty || c.shape == [1] { throw OnnxVector.Excluded("a scalar C") }
    return reader.made(
      .gemm, [try reader.required(0), try reader.required(1), c],
      [
        .flag("transA", reader.integer("transA", 0) != 0), .flag("transB", reader.integer("transB", 0) != 0),
        .real("alpha", reader.real("alpha", 1)), .real("beta", reader.real("beta", 1)),
      ])
  }

  func specials(_ node: NodeSpec) -> SpecialValues { .anywhere }

  func takesFewerRows(_ node: NodeSpec) -> Bool {
    !node.flag("transA") && (node.inputs.count < 3 || node.inputs[2] == .absent)
  }

  func differentiates(_ node: NodeSpec, input: Int) -> Bool {
    guard input == 2, case .tensor(let shape) = node.inputs[2] else { return true }
    return shape.count == 1
  }
}
