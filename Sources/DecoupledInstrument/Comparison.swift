import CDecoupled
import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

/// How far results may lie from those of `reference`, and how far they do.
///
/// Errors are measured against the largest value of the result: rounding of a long sum goes with its summands, not with
/// what is left of them. What is allowed is what `Precision` says of the operators, those before a result included.
struct Comparison {
  /// Largest root of the mean square of the errors of a sum of products, of that of the values: a single wrong channel or
  /// tap shows there.
  private static let meanTolerance = Precision.product.tolerance

  private let nodes: Chain

  init(_ nodes: Chain) { self.nodes = nodes }

  /// - Parameter count: how many nodes of the chain came before the result, itself among them.
  private func tolerance(nodes count: Int) -> Double {
    nodes.prefix(count).reduce(0) { $0 + ($1.precision ?? .computed).tolerance }
  }

  private func hasProduct(_ node: Int) -> Bool { nodes.prefix(node + 1).contains { $0.precision == .product } }

  /// A result that lies too far off, in words.
  struct Difference {
    let sentence: String
  }

  /// - Parameters:
  ///   - found: the outputs of a run in row-major order, without internal ones; nil for absent ones.
  ///   - expected: the outputs of every node.
  ///   - inputs: of the run.
  /// - Returns: the first output that differs, and the largest error of those before it.
  func check(_ found: [Tensor?], _ expected: [[Tensor?]], _ inputs: [dcn_tensor]) throws -> (Difference?, Double) {
    var place = 0
    var largest = 0.0
    for (number, node) in nodes.enumerated() {
      for (output, operand) in node.outputOperands.enumerated() where !operand.isInternal {
        defer { place += 1 }
        guard let own = found[place], let reference = expected[number][output] else { continue }
        if own.elementType == .float32 {
          let (difference, error) = try compare(own, reference, node: number, floor: floor(number, expected, inputs))
          largest = max(largest, error)
          if let difference { return (named(difference, output: place), largest) }
        } else if let difference = try compareIntegers(own, reference, node: number, expected) {
          return (named(difference, output: place), largest)
        }
      }
    }
    return (nil, largest)
  }

  private func named(_ difference: String, output: Int) -> Difference {
    Difference(sentence: "output \(output) \(difference)")
  }

  /// The size of the values that a result was made of, where the result itself may be what is left of them.
  private func floor(_ number: Int, _ expected: [[Tensor?]], _ inputs: [dcn_tensor]) -> Double {
    let before = number > 0 ? expected[number - 1].compactMap { $0 }.first : nil
    if let before, let values = try? before.elements(Float.self) {
      return 1e-3 * Double(values.lazy.map(abs).max() ?? 0)
    }
    guard nodes[number].precision == .summed, let tensor = inputs.first, let values = try? tensor.dense(),
      let elements = try? values.elements(Float.self)
    else { return 0 }
    // Rounding errors of a sum grow with the root of the number of summands.
    return 1e-2 * Double(elements.lazy.map(abs).max() ?? 0) * Double(elements.count).squareRoot()
  }

  private func compare(
    _ found: Tensor, _ expected: Tensor, node: Int, floor: Double
  ) throws -> (String?, Double) {
    let (own, other) = (try found.elements(Float.self), try expected.elements(Float.self))
    var (largest, squares, errorSquares, worst, worstPlace) = (0.0, 0.0, 0.0, 0.0, 0)
    for index in other.indices {
      let (a, b) = (Double(own[index]), Double(other[index]))
      if a == b || (a.isNaN && b.isNaN) { largest = b.isFinite ? max(largest, abs(b)) : largest }
      guard a != b, !(a.isNaN && b.isNaN) else {
        if b.isFinite { squares += b * b }
        continue
      }
      guard a.isFinite, b.isFinite else { return (Self.words(found, index, own[index], other[index]), .infinity) }
      largest = max(largest, abs(b))
      squares += b * b
      errorSquares += (a - b) * (a - b)
      if abs(a - b) > worst { (worst, worstPlace) = (abs(a - b), index) }
    }
    let scale = max(largest, floor, .leastNormalMagnitude)
    let allowed = tolerance(nodes: node + 1)
    let mean = (errorSquares / max(squares, floor * floor * Double(other.count), .leastNormalMagnitude)).squareRoot()
    if worst > allowed * scale || (hasProduct(node) && mean > Self.meanTolerance) {
      let place = Self.words(found, worstPlace, own[worstPlace], other[worstPlace])
      return (
        "\(place): \(NumberText.short(worst / scale, digits: 2)) of the largest value, \(NumberText.short(allowed, digits: 2)) is allowed",
        worst / scale
      )
    }
    return (nil, worst / scale)
  }

  /// Indices behind a fused convolution may name another of two nearly equal maxima.
  private func compareIntegers(
    _ found: Tensor, _ expected: Tensor, node: Int, _ all: [[Tensor?]]
  ) throws -> String? {
    guard found.elementType == .int32 else { return nil }
    let (own, other) = (try found.elements(Int32.self), try expected.elements(Int32.self))
    let pooled = node > 0 && nodes[node].operatorKind == .maxPool ? all[node - 1].first ?? nil : nil
    for index in other.indices where own[index] != other[index] {
      if let pooled, try isNearMaximum(pooled, expected, index, own[index], other[index], tolerance(nodes: node)) {
        continue
      }
      return Self.words(found, index, own[index], other[index])
    }
    return nil
  }

  private func isNearMaximum(
    _ pooled: Tensor, _ indices: Tensor, _ place: Int, _ own: Int32, _ other: Int32, _ tolerance: Double
  ) throws -> Bool {
    let plane = pooled.shape[2] * pooled.shape[3]
    guard (0..<plane).contains(Int(own)), (0..<plane).contains(Int(other)) else { return false }
    let values = try pooled.elements(Float.self)
    let first = place / (indices.shape[2] * indices.shape[3]) * plane
    let (a, b) = (Double(values[first + Int(own)]), Double(values[first + Int(other)]))
    return abs(a - b) <= tolerance * max(abs(a), abs(b))
  }

  private static func words<Value>(_ tensor: Tensor, _ index: Int, _ own: Value, _ other: Value) -> String {
    var rest = index
    let place = zip(tensor.shape, Tensor.contiguousStrides(tensor.shape)).map { _, stride -> String in
      defer { rest %= stride }
      return "\(rest / stride)"
    }
    return "at [\(place.joined(separator: ","))] is \(number(own)) instead of \(number(other))"
  }

  /// Without the bits of a NaN.
  private static func number<Value>(_ value: Value) -> String { (value as? Float)?.isNaN == true ? "nan" : "\(value)" }
}
