import DecoupledBase
import DecoupledCore

/// Compares the gradients that a backend gives with differences of what it gives forward, along random directions.
///
/// Results whose kink (the 0 of Relu, the equal maxima of MaxPool) lies between the points of a difference are left out by
/// a seed of 0. A difference is believed when one with half the step agrees: statistics of a batch that hardly varies bend so
/// much that a step as long as its spread tells nothing of the slope.
final class GradientCheck {
  private let backend: Backend
  private let control = RunControl(threads: 2)
  /// Steps that are powers of two, so that inputs on a coarse grid move without rounding; the longest that is short enough is
  /// taken.
  private static let steps = [0x1p-5, 0x1p-6, 0x1p-7]
  private static let directions = 2
  /// Of the gradient's norm: the rounding of float32 results over the step, and Winograd's lost digit.
  static let tolerance = 5e-3
  /// By how much two differences may disagree, of the gradient's norm.
  private static let disagreement = tolerance / 4

  init(_ plugin: String) throws { backend = try BackendSearch.open(plugin) }

  func check(_ subject: Case) -> CaseResult {
    var result = CaseResult(verdict: .passed)
    result.tolerance = Self.tolerance
    do {
      let subject = subject
      let graph = try GradientGraph(subject)
      var forward = [graph.result]
      if let places = graph.places { forward.append(places) }
      let feeds = graph.operands.map(\.id).filter { graph.graph[$0].role == .input }
      let forwardPlan = try Plan(graph.graph, feeds: feeds, fetches: forward, backend: backend)
      let backwardPlan = try Plan(
        graph.graph, feeds: feeds + [graph.seed], fetches: graph.sources.map(\.gradient), backend: backend)
      let all = forwardPlan.kernelBackends + backwardPlan.kernelBackends
      let own = all.filter { $0 == backend.info.name }.count
      guard own > 0 else { return CaseResult(verdict: .declined) }
      result.nodes = own
      result.note = "\(own) of \(all.count) kernels are the backend's"
      let trial = try Trial(subject, graph, forwardPlan, backwardPlan, control)
      var bent = 0
      for (source, (operand, _)) in graph.sources.enumerated() {
        for direction in 0..<Self.directions {
          guard let error = try trial.error(source, operand, direction: direction) else {
            bent += 1
            continue
          }
          result.error = max(result.error, error)
          let (node, place, _) = graph.operands[operand]
          let role = subject.nodes[node].inputRoles[place].name
          guard error <= Self.tolerance else {
            result.verdict = .failed(
              "gives a gradient with respect to \(subject.nodes[node].kind.name)'s \(role) that differs from differences by \(NumberText.short(error)) of its norm where \(NumberText.short(Self.tolerance)) is allowed"
            )
            return result
          }
        }
      }
      let directions = graph.sources.count * Self.directions
      if bent > 0 { result.note += "; \(bent) of \(directions) directions bend too much to be judged" }
      if bent == directions {
        result.verdict = .failed("cannot be judged: its results bend too much in every direction")
      }
    } catch let error as EngineError where error.status == .backend {
      result.verdict = .failed("fails: \(error)")
    } catch {
      result.verdict = .failed("cannot be judged: \(error)")
    }
    return result
  }

  private final class Trial {
    private let subject: Case
    private let graph: GradientGraph
    private let forward: Plan
    private let backward: Plan
    private let execution: Execution
    private var values: [[Float]]
    private let integers: [Int: Tensor]

    init(_ subject: Case, _ graph: GradientGraph, _ forward: Plan, _ backward: Plan, _ control: RunControl) throws {
      self.subject = subject
      self.graph = graph
      self.forward = forward
      self.backward = backward
      execution = Execution(control)
      let drawn = CaseValues(subject, shapes: try subject.shapes())
      var integers: [Int: Tensor] = [:]
      values = try graph.operands.enumerated().map { index, operand in
        let type = graph.graph[operand.id].type
        let numbers = drawn.inputs[operand.node][operand.place]
        switch type.elementType {
        case .int32: integers[index] = try Tensor(numbers.map { Int32($0) }, shape: type.shape)
        case .int64: integers[index] = try Tensor(numbers.map { Int64($0) }, shape: type.shape)
        default: return numbers.map { Float(($0 * 1024).rounded() / 1024) }
        }
        return []
      }
      self.integers = integers
    }

    private func run(
      _ plan: Plan, _ changed: Int?, _ shift: [Float], seed: Tensor? = nil
    ) throws -> [ValueID: Tensor] {
      var feeds: [ValueID: Tensor] = [:]
      let parameters = ParameterStore()
      for (index, operand) in graph.operands.enumerated() {
        let value = graph.graph[operand.id]
        let tensor: Tensor
        if let known = integers[index] {
          tensor = known
        } else {
          let moved = index == changed ? zip(values[index], shift).map { $0 + $1 } : values[index]
          tensor = try Tensor(moved, shape: value.type.shape)
        }
        if value.role == .parameter { parameters[value.name] = tensor } else { feeds[operand.id] = tensor }
      }
      if let seed { feeds[graph.seed] = seed }
      var results: [ValueID: Tensor] = [:]
      try execution.run(plan, feeds: feeds, parameters: parameters, results: &results)
      return results
    }

    /// The difference between both derivatives along one direction, as a share of the gradient's norm; nil where the results
    /// bend too much for a difference.
    func error(_ source: Int, _ operand: Int, direction: Int) throws -> Double? {
      var numbers = Numbers(subject.seed, 1 << 20 + operand * 16 + direction)
      let signs = values[operand].map { _ in numbers.chance(0.5) ? Float(1) : -1 }
      let weights = (0..<graph.graph[graph.result].type.shape.reduce(1, *)).map { _ in
        Float((2 * numbers.unit() - 1) * 256).rounded() / 256
      }
      var known: [Double: Point] = [:]
      func point(_ distance: Double) throws -> Point {
        if let point = known[distance] { return point }
        let results = try run(forward, operand, signs.map { $0 * Float(distance) })
        let point = Point(
          results: try results[graph.result]!.array(Float.self),
          places: try graph.places.flatMap { results[$0] }?.array(Int32.self))
        known[distance] = point
        return point
      }
      let origin = try point(0)
      for step in GradientCheck.steps {
        let points = try [-2, -1, -0.5, 0.5, 1, 2].map { try point($0 * step) }
        let seed = weights.indices.map { index in
          points.allSatisfy { isSmooth(at: index, from: origin, to: $0) } ? weights[index] : 0
        }
        let gradients = try run(
          backward, nil, [], seed: try Tensor(seed, shape: graph.graph[graph.result].type.shape))
        let gradient = try gradients[graph.sources[source].gradient]!.array(Float.self)
        let losses = points.map { zip($0.results, seed).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
        let coarse = (8 * (losses[4] - losses[1]) - (losses[5] - losses[0])) / (12 * step)
        let fine = (8 * (losses[3] - losses[2]) - (losses[4] - losses[1])) / (6 * step)
        let given = zip(gradient, signs).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        // Where the gradient vanishes, what rounding makes of the results is left.
        let size = origin.results.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let scale = max(norm, size, 1e-6)
        guard scale.isFinite, given.isFinite, fine.isFinite, coarse.isFinite else { return .infinity }
        if abs(fine - coarse) <= GradientCheck.disagreement * scale { return abs(fine - given) / scale }
      }
      return nil
    }

    /// The results at one distance from the inputs.
    private struct Point {
      let results: [Float]
      let places: [Int32]?
    }

    /// Whether a result is on the same side of its kinks at both points.
    private func isSmooth(at index: Int, from origin: Point, to other: Point) -> Bool {
      func sides(_ point: Point) -> [Int] { subject.nodes.map { $0.kind.entry.side($0, of: point.results[index]) } }
      if sides(other) != sides(origin) { return false }
      guard let places = other.places, let first = origin.places else { return true }
      return places[index] == first[index]
    }
  }
}
