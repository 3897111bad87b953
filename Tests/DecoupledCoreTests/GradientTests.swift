import DecoupledBase
import DecoupledCore
import Testing

/// Finite differences against the gradients that graphs append, for every differentiable operator on every backend.
struct GradientTests {
  /// float64 on `reference` is exact to the step of the difference; float32 loses digits to cancellation.
  static let backends: [(name: String, type: ElementType, step: Double, tolerance: Double)] =
    [
      ("reference", .float64, 1e-5, 1e-7), ("reference", .float32, 4e-3, 6e-3), ("openblas", .float32, 4e-3, 6e-3),
    ] + cpuVariants.map { ($0, .float32, 4e-3, 6e-3) }

  @Test(arguments: GradientCase.all, Array(backends.indices))
  func finiteDifferences(operation: GradientCase, setting: Int) throws {
    let (name, type, step, tolerance) = Self.backends[setting]
    var graph = Graph()
    let inputs = try operation.shapes.enumerated().map { try graph.addInput("x\($0)", ValueType(type, $1)) }
    let y = try operation.build(&graph, inputs, type)
    let seed = try graph.addInput("dy", graph[y].type)
    let gradients = try graph.gradient(of: y, withRespectTo: inputs, seed: seed).map { try #require($0) }
    let backend = try BackendSearch.open(name)
    let fixed = try operation.others.map { key, make in (try graph.value(named: key), try make()) }
    var feeds: [ValueID: Tensor] = [:]
    for (id, tensor) in fixed {
      feeds[id] =
        graph[id].type.elementType == .float64
        ? try Self.tensor(tensor.array(Float.self).map(Double.init), tensor.shape, type) : tensor
    }
    for (k, input) in inputs.enumerated() {
      let count = operation.shapes[k].reduce(1, *)
      feeds[input] = try Self.tensor((0..<count).map { operation.value(k, $0) }, operation.shapes[k], type)
    }
    let weights = (0..<graph[y].type.shape.reduce(1, *)).map { GradientCase.spread(9, $0) }
    feeds[seed] = try Self.tensor(weights, graph[y].type.shape, type)
    let execution = Execution(RunControl(threads: 2))

    let forward = try Plan(graph, feeds: Array(feeds.keys.filter { $0 != seed }), fetches: [y], backend: backend)
    func weighted() throws -> Double {
      var results: [ValueID: Tensor] = [:]
      try execution.run(forward, feeds: feeds, parameters: ParameterStore(), results: &results)
      return zip(try Self.values(try #require(results[y])), weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var results: [ValueID: Tensor] = [:]
    let backward = try Plan(graph, feeds: Array(feeds.keys), fetches: gradients, backend: backend)
    try execution.run(backward, feeds: feeds, parameters: ParameterStore(), results: &results)

    var largest = 1.0
    for (k, input) in inputs.enumerated() {
      let analytic = try Self.values(try #require(results[gradients[k]]))
      largest = max(largest, analytic.map(abs).max() ?? 0)
      let point = try Self.values(try #require(feeds[input]))
      for index in point.indices {
        func shifted(_ by: Double) throws -> Double {
          var moved = point
          moved[index] += by
          feeds[input] = try Self.tensor(moved, operation.shapes[k], type)
          return try weighted()
        }
        let difference = (try shifted(step) - shifted(-step)) / (2 * step)
        #expect(abs(difference - analytic[index]) <= tolerance * largest, "input \(k), element \(index)")
      }
      feeds[input] = try Self.tensor(point, operation.shapes[k], type)
    }
  }

  static func tensor(_ values: [Double], _ shape: [Int], _ type: ElementType) throws -> Tensor {
    type == .float64 ? try Tensor(values, shape: shape) : try Tensor(values.map(Float.init), shape: shape)
  }

  static func values(_ tensor: Tensor) throws -> [Double] {
    tensor.elementType == .float64 ? try tensor.array(Double.self) : try tensor.array(Float.self).map(Double.init)
  }

  @Test func gradientOfGradientIsRefused() throws {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [2]))
    let y = try graph.add1(Sigmoid(), [x], name: "y")
    let seed = try graph.addInput("dy", ValueType(.float32, [2]))
    let dx = try #require(try graph.gradient(of: y, withRespectTo: [x], seed: seed)[0])
    #expect(throws: EngineError.self) { try graph.gradient(of: dx, withRespectTo: [x], seed: seed) }
  }

  @Test func operatorsWithoutGradientSaySo() throws {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [3, 2]))
    let indices = try graph.addInput("i", ValueType(.int32, [2]))
    let y = try graph.add1(Gather(), [x, indices], name: "picked")
    let seed = try graph.addInput("dy", ValueType(.float32, [2, 2]))
    let error = #expect(throws: EngineError.self) {
      try graph.gradient(of: y, withRespectTo: [x], seed: seed)
    }
    #expect(error?.message.contains("picked") == true)
  }
}
