import DecoupledBase
import DecoupledCore
import Testing

/// Graphs, plans and their errors.
struct PlanTests {
  private func graph() throws -> (graph: Graph, x: ValueID, a: ValueID, b: ValueID) {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [4, 3], batch: BatchDimension("rows")))
    let a = try graph.add1(Scale(2), [x], name: "a")
    let b = try graph.add1(Relu(), [a], name: "b")
    return (graph, x, a, b)
  }

  private func run(
    _ plan: Plan, _ feeds: [ValueID: Tensor], batch: [BatchDimension: Int] = [:],
    control: RunControl = RunControl(threads: 1)
  ) throws -> [ValueID: Tensor] {
    var results: [ValueID: Tensor] = [:]
    try Execution(control).run(plan, batch: batch, feeds: feeds, parameters: ParameterStore(), results: &results)
    return results
  }

  @Test func smallerBatchesRunOnTheSamePlan() throws {
    let (graph, x, _, b) = try graph()
    let plan = try Plan(graph, feeds: [x], fetches: [b], backend: try BackendSearch.open("reference"))
    let feed = try Tensor([-1, 2, 3] as [Float], shape: [1, 3])
    let results = try run(plan, [x: feed], batch: [BatchDimension("rows"): 1])
    #expect(try results[b]?.array(Float.self) == [0, 4, 6])
    #expect(throws: EngineError.self) { try run(plan, [x: feed], batch: [BatchDimension("rows"): 5]) }
  }

  @Test func anyValueMayBeFed() throws {
    let (graph, _, a, b) = try graph()
    let plan = try Plan(graph, feeds: [a], fetches: [b], backend: try BackendSearch.open("openblas"))
    let results = try run(plan, [a: try Tensor((0..<12).map { Float($0 - 6) }, shape: [4, 3])])
    #expect(try results[b]?.array(Float.self) == (0..<12).map { Float(max(0, $0 - 6)) })
  }

  @Test func viewsAndParametersCanBeFetched() throws {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [2, 4]))
    let w = try graph.addParameter("w", [4, 3])
    let half = try graph.add1(Slice(axis: 0, 1..<3), [w], name: "half")
    let shaped = try graph.add1(Reshape(trailing: [2, 2]), [x], name: "shaped")
    let flat = try graph.add1(Reshape(trailing: [4]), [shaped], name: "flat")
    let y = try graph.add1(Gemm(), [flat, w], name: "y")
    let parameters = ParameterStore()
    parameters["w"] = try Tensor((0..<12).map(Float.init), shape: [4, 3])
    let plan = try Plan(graph, feeds: [x], fetches: [shaped, half, w, y], backend: try BackendSearch.open("openblas"))
    var results: [ValueID: Tensor] = [:]
    try Execution(RunControl(threads: 1)).run(
      plan, feeds: [x: try Tensor([1, 0, 0, 0, 0, 1, 0, 0] as [Float], shape: [2, 4])], parameters: parameters,
      results: &results)
    #expect(try results[shaped]?.array(Float.self) == [1, 0, 0, 0, 0, 1, 0, 0])
    #expect(try results[half]?.array(Float.self) == [3, 4, 5, 6, 7, 8])
    #expect(try results[w]?.array(Float.self) == (0..<12).map(Float.init))
    #expect(try results[y]?.array(Float.self) == [0, 1, 2, 3, 4, 5])
  }

  @Test func missingThingsAreNamed() throws {
    let (graph, x, _, b) = try graph()
    let backend = try BackendSearch.open("reference")
    let unfed = #expect(throws: EngineError.self) { try Plan(graph, feeds: [], fetches: [b], backend: backend) }
    #expect(unfed?.message.contains("'x'") == true)
    let plan = try Plan(graph, feeds: [x], fetches: [b], backend: backend)
    let wrong = #expect(throws: EngineError.self) { try run(plan, [x: try Tensor(zeros: [4, 2])]) }
    #expect(wrong?.message.contains("'x'") == true)
    #expect(throws: EngineError.self) { try graph.value(named: "nothing") }
    var twice = graph
    #expect(throws: EngineError.self) { try twice.addInput("x", ValueType(.float32, [1])) }
    #expect(throws: EngineError.self) { try twice.add1(Conv(SlidingWindow(3)), [x, x], name: "c") }
  }

  @Test func cancelledRunsSaySo() throws {
    let (graph, x, _, b) = try graph()
    let plan = try Plan(graph, feeds: [x], fetches: [b], backend: try BackendSearch.open("openblas"))
    let control = RunControl(threads: 2)
    control.cancel()
    let error = #expect(throws: EngineError.self) {
      try run(plan, [x: try Tensor(zeros: [4, 3])], control: control)
    }
    #expect(error?.status == .cancelled)
    control.reset()
    _ = try run(plan, [x: try Tensor(zeros: [4, 3])], control: control)
  }

  @Test func hugeShapesAreErrors() {
    #expect(throws: EngineError.self) { try Tensor(zeros: [1 << 40, 1 << 40]) }
    #expect(throws: EngineError.self) { try Tensor(zeros: [-1]) }
    #expect(throws: EngineError.self) { try Tensor(zeros: [1 << 50]) }
  }
}
