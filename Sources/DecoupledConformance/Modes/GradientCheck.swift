import DecoupledCore

/// Compares the gradients that a backend gives with differences of what it gives forward, along random directions.
///
/// Results whose kink (the 0 of Relu, the equal maxima of MaxPool) lies between the points of a difference are left out by
/// a seed of 0.
final class GradientCheck {
  private let backend: Backend
  private let control = RunControl(threads: 2)
  /// A step that is a power of two, so that inputs on a coarse grid move without rounding.
  private static let step = 0x1p-5
  private static let directions = 2
  /// Of the gradient's norm: the rounding of float32 results over the step, and Winograd's lost digit.
  static let tolerance = 5e-3

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
      for (source, (operand, _)) in graph.sources.enumerated() {
        for direction in 0..<Self.directions {
          let error = try trial.error(source, operand, direction: direction)
          result.error = max(result.error, error)
          let (node, place, _) = graph.operands[operand]
          let role = subject.nodes[node].inputRoles[place].name
          guard error <= Self.tolerance else {
            result.verdict = .failed(
              "gives a gradient with respect to \(subject.nodes[node].kind.name)'s \(role) that differs from differences by \(Decimal.short(error)) of its norm where \(Decimal.short(Self.tolerance)) is allowed"
            )
            return result
          }
        }
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

    /// The difference between both derivatives along one direction, as a share of the gradient's norm.
    func error(_ source: Int, _ operand: Int, direction: Int) throws -> Double {
      var numbers = Numbers(subject.seed, 1 << 20 + operand * 16 + direction)
      let signs = values[operand].map { _ in numbers.chance(0.5) ? Float(1) : -1 }
      var evaluations: [[Float]] = []
      var sides: [[Bool]] = []
      for multiple in [0.0, -2, -1, 1, 2] {
        let results = try run(forward, operand, signs.map { $0 * Float(multiple * GradientCheck.step) })
        evaluations.append(try results[graph.result]!.array(Float.self))
        let places = try graph.places.flatMap { results[$0] }?.array(Int32.self)
        sides.append(
          kinks(evaluations[evaluations.count - 1], places, evaluations[0], sides.isEmpty ? nil : firstPlaces))
        if sides.count == 1 { firstPlaces = places }
      }
      let count = evaluations[0].count
      let seed = (0..<count).map { index -> Float in
        let value = Float((2 * numbers.unit() - 1) * 256).rounded() / 256
        return sides.allSatisfy { $0[index] } ? value : 0
      }
      let gradients = try run(
        backward, nil, [], seed: try Tensor(seed, shape: graph.graph[graph.result].type.shape))
      let gradient = try gradients[graph.sources[source].gradient]!.array(Float.self)
      let losses = evaluations.map { zip($0, seed).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
      let difference = (8 * (losses[3] - losses[2]) - (losses[4] - losses[1])) / (12 * GradientCheck.step)
      let given = zip(gradient, signs).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      // Where the gradient vanishes, what rounding makes of the results is left.
      let size = evaluations[0].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      return abs(difference - given) / max(norm, size, 1e-6)
    }

    private var firstPlaces: [Int32]?

    /// For each result whether it is on the same side of its kinks as at the point itself.
    private func kinks(_ found: [Float], _ places: [Int32]?, _ first: [Float], _ firstPlaces: [Int32]?) -> [Bool] {
      let hasRelu = subject.nodes.contains { $0.kind == .relu }
      return found.indices.map { index in
        if hasRelu, (found[index] > 0) != (first[index] > 0) { return false }
        guard let places, let firstPlaces else { return true }
        return places[index] == firstPlaces[index]
      }
    }
  }
}
