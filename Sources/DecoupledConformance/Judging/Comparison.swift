import DecoupledBase

/// Compares results with what they should be.
enum Comparison {
  /// The worst error, normalised, or what is wrong.
  enum Outcome {
    case agrees(error: Double)
    case differs(String)
  }

  /// - Parameters:
  ///   - expected: all outputs of all nodes.
  ///   - node, output: which of them `found` is.
  static func compare(
    _ found: [Double], shape: [Int], with expected: [[Judged]], node: Int, output: Int, of subject: Case
  ) -> Outcome {
    let judged = expected[node][output]
    if let stray = judged.sample == nil ? nil : found.firstIndex(where: \.isNaN), subject.contents == .ordinary {
      return .differs("leaves NaN at \(place(stray, shape)) of \(name(subject, node, output))")
    }
    let part = judged.part(of: found, shape: shape)
    if subject.nodes[node].integerType(ofOutput: output) != nil {
      return places(part, expected, node, subject)
    }
    let tolerance = Tolerance.of(subject, nodes: node + 1)
    let type = subject.type(node: node, output: output)
    // Where everything else is NaN, what remains may be too small to be normal.
    let scale = judged.values.reduce(1e-30) { $1.isFinite ? max($0, abs($1)) : $0 }
    let image = judged.values.count / judged.shape[0]
    let specials = subject.nodes[node].kind.entry.specials(subject.nodes[node])
    let spoilt = subject.contents == .special ? spoiltImages(judged, specials) : []
    var worst = 0.0
    for index in part.indices {
      let wanted = CaseValues.rounded(judged.values[index], type)
      let own = part[index]
      if own == wanted || own.isNaN && wanted.isNaN { continue }
      if !own.isFinite || !wanted.isFinite {
        if !own.isFinite, spoilt.contains(index / image) { continue }
        if !own.isFinite, !wanted.isFinite, specials != .exact { continue }
        return .differs(
          "gives \(number(own)) instead of \(number(wanted)) at \(place(index, judged.shape)) of \(name(subject, node, output))"
        )
      }
      let error = abs(own - wanted) / scale
      if error > tolerance {
        return .differs(
          "gives \(number(own)) instead of \(number(wanted)) at \(place(index, judged.shape)) of \(name(subject, node, output)), an error of \(number(error)) of the largest value where \(number(tolerance)) is allowed"
        )
      }
      worst = max(worst, error)
    }
    return .agrees(error: worst)
  }

  /// Rows of the result in which any element may have become NaN or infinite.
  private static func spoiltImages(_ judged: Judged, _ specials: SpecialValues) -> Set<Int> {
    switch specials {
    case .exact: return []
    case .anywhere: return Set(0..<judged.shape[0])
    case .withinImage:
      let image = judged.values.count / judged.shape[0]
      return Set(judged.values.indices.filter { !judged.values[$0].isFinite }.map { $0 / image })
    }
  }

  /// Places of maxima: where the values before were computed, a place with a value as large as the maximum will do.
  private static func places(_ found: [Double], _ expected: [[Judged]], _ node: Int, _ subject: Case) -> Outcome {
    let (values, wanted) = (expected[node][0], expected[node][1])
    let tolerance = Tolerance.of(subject, nodes: node)
    let source = node > 0 ? expected[node - 1][0] : nil
    let scale = source?.values.reduce(0) { max($0, abs($1)) } ?? 0
    let (size, pooled) = (source.map { $0.shape[2] * $0.shape[3] } ?? 0, wanted.shape[2] * wanted.shape[3])
    for index in found.indices where found[index] != wanted.values[index] {
      let own = found[index]
      if let source, own >= 0, own < Double(size),
        values.values[index] - source.values[index / pooled * size + Int(own)] <= tolerance * scale
      {
        continue
      }
      return .differs(
        "gives the place \(Int(own)) instead of \(Int(wanted.values[index])) at \(place(index, wanted.shape)) of \(name(subject, node, 1))"
      )
    }
    return .agrees(error: 0)
  }

  private static func name(_ subject: Case, _ node: Int, _ output: Int) -> String {
    let kind = subject.nodes[node].kind.name
    return output == 0 ? "\(kind)'s result" : "\(kind)'s result \(output)"
  }

  static func place(_ index: Int, _ shape: [Int]) -> String {
    var rest = index
    var place: [Int] = []
    for size in shape.reversed() {
      place.append(rest % size)
      rest /= size
    }
    return "[\(place.reversed().map(String.init).joined(separator: ","))]"
  }

  /// A number with three digits.
  static func number(_ value: Double) -> String { NumberText.short(value) }
}
