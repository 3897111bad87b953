import DecoupledCore

/// The numbers in the inputs of a case, in row-major order, rounded to the type in which they are stored. Empty for inputs
/// that are absent or made inside the chain.
struct CaseValues {
  private(set) var inputs: [[[Double]]]

  init(given: [[[Double]]]) { inputs = given }

  /// - Parameter variant: other numbers for the parameters, the same for everything else.
  init(_ subject: Case, shapes: Case.Shapes, variant: Int = 0) {
    inputs = subject.nodes.indices.map { node in
      subject.nodes[node].inputs.indices.map { place in
        guard case .tensor(let shape) = subject.nodes[node].inputs[place] else { return [] }
        let roles = subject.nodes[node].inputRoles
        let role = roles.indices.contains(place) ? roles[place] : OperandRole(.init("", []))
        var numbers = Numbers(subject.seed, node * 64 + place + (role.isParameter ? variant << 16 : 0))
        let count = shape.reduce(1, *)
        var values = Self.values(
          role, count, limit: Self.limit(subject.nodes[node], role, shapes.inputs[node], shapes.outputs[node]), shape,
          subject.nodes[node], shapes.inputs[node], shapes.outputs[node], &numbers)
        let type = subject.type(node: node, input: place)
        for index in values.indices { values[index] = Self.rounded(values[index], type) }
        if subject.contents == .special, !role.isParameter, type.isFloatingPoint { Self.addSpecials(&values, &numbers) }
        if subject.contents == .misplaced { Self.misplace(&values, role, shape, subject, node, shapes, &numbers) }
        return values
      }
    }
  }

  /// A number as an element of that type holds it.
  static func rounded(_ value: Double, _ type: ElementType) -> Double {
    switch type {
    case .float32: Double(Float(value))
    case .float16: HalfPrecision.rounded(value)
    default: value
    }
  }

  /// How many places, images or classes there are for an integer operand.
  private static func limit(
    _ node: NodeSpec, _ role: OperandRole, _ inputs: [[Int]?], _ outputs: [[Int]]
  ) -> Int {
    switch role.fill {
    case .place(let inResult): return plane(inResult, inputs, outputs).reduce(1, *)
    case .item: return inputs[0]?[0] ?? 1
    case .image:
      let images = node.inputRoles.indices.filter { node.inputRoles[$0].isPerImage }.compactMap { inputs[$0]?[0] }
      return images.min() ?? 1
    case .label(let scores): return inputs[scores]?[1] ?? 1
    default: return 0
    }
  }

  private static func plane(_ inResult: Bool, _ inputs: [[Int]?], _ outputs: [[Int]]) -> [Int] {
    Array((inResult ? outputs[0] : inputs[0] ?? [1, 1, 1, 1])[2...])
  }

  private static func values(
    _ role: OperandRole, _ count: Int, limit: Int, _ shape: [Int], _ node: NodeSpec, _ inputs: [[Int]?],
    _ outputs: [[Int]], _ numbers: inout Numbers
  ) -> [Double] {
    switch role.fill {
    case .within(let range):
      let width = range.upperBound - range.lowerBound
      return (0..<count).map { _ in range.lowerBound + width * numbers.unit() }
    case .bit: return (0..<count).map { _ in numbers.chance(0.5) ? 1 : 0 }
    case .image, .item: return (0..<count).map { _ in Double(numbers.int(0...(limit - 1))) }
    case .label:
      let ignored = Double(node.integer("ignore_index"))
      return (0..<count).map { _ in numbers.chance(0.2) ? ignored : Double(numbers.int(0...(limit - 1))) }
    case .seed: return (0..<count).map { _ in Double(numbers.next() >> 12) }
    case .place(let inResult):
      // Places of 2x2 windows, as a pool writes them, and now and then any place at all.
      let (height, width) = (shape[2], shape[3])
      let plane = plane(inResult, inputs, outputs)
      let fits = plane[0] >= 2 * height && plane[1] >= 2 * width && numbers.chance(0.7)
      return (0..<count).map { index in
        guard fits else { return Double(numbers.int(0...(limit - 1))) }
        let (y, x) = (index / width % height, index % width)
        return Double((2 * y + numbers.int(0...1)) * plane[1] + 2 * x + numbers.int(0...1))
      }
    }
  }

  private static func addSpecials(_ values: inout [Double], _ numbers: inout Numbers) {
    let specials = [Double.nan, .infinity, -.infinity, -0.0, 1e-40, -3e38]
    for special in specials.shuffled(by: &numbers).prefix(max(1, values.count / 8)) {
      values[numbers.int(0...(values.count - 1))] = special
    }
  }

  private static func misplace(
    _ values: inout [Double], _ role: OperandRole, _ shape: [Int], _ subject: Case, _ node: Int, _ shapes: Case.Shapes,
    _ numbers: inout Numbers
  ) {
    guard role.fill.isIndex else { return }
    let limit = limit(subject.nodes[node], role, shapes.inputs[node], shapes.outputs[node])
    let ignored: Int? = if case .label = role.fill { subject.nodes[node].integer("ignore_index") } else { nil }
    let wrong: [Int] = [limit, limit + 1_000_000, -1, Int(Int32.min)].filter { $0 != ignored }
    values[numbers.int(0...(values.count - 1))] = Double(numbers.pick(wrong))
  }
}

extension Array {
  fileprivate func shuffled(by numbers: inout Numbers) -> [Element] {
    var result = self
    for index in result.indices.dropLast() { result.swapAt(index, numbers.int(index...(result.count - 1))) }
    return result
  }
}
