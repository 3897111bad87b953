import DecoupledBase
import DecoupledCore
import DecoupledInstrument
import FoundationEssentials
import Testing

/// Backends that are watched compute the same, and what was seen is told.
struct InstrumentTests {
  private func network() throws -> (graph: Graph, x: ValueID, y: ValueID) {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [1, 2, 6, 6]))
    let w = try graph.addParameter("layer.weight", [3, 2, 3, 3])
    let sums = try graph.add1(Conv(SlidingWindow(3, pad: 1)), [x, w], name: "layer")
    let y = try graph.add1(Sigmoid(), [sums], name: "end")
    return (graph, x, y)
  }

  private func run(_ backend: Backend) throws -> [Float] {
    let (graph, x, y) = try network()
    let store = ParameterStore()
    store["layer.weight"] = try Tensor((0..<54).map { Float($0 % 7) / 7 - 0.4 }, shape: [3, 2, 3, 3])
    let image = try Tensor((0..<72).map { Float($0 % 5) - 2 }, shape: [1, 2, 6, 6])
    var results: [ValueID: Tensor] = [:]
    try Execution(RunControl(threads: 1)).run(
      Plan(graph, feeds: [x], fetches: [y], backend: backend), feeds: [x: image], parameters: store, results: &results)
    return try #require(results[y]).array(Float.self)
  }

  @Test func verifyingComparesEachKernelAndChangesNothing() throws {
    let instruments = try Instruments(InstrumentSettings(verifyRate: 0))
    let watched = try run(try instruments.open("openblas"))
    #expect(try watched == run(try BackendSearch.open("openblas")))
    let found = try #require(instruments.verified)
    #expect(found.comparedCount > 0 && found.comparedCount <= found.callCount && found.firstDifference == nil)
    #expect(found.largestError.value < 1e-5 && found.text.contains("agree"))
    #expect(instruments.table == nil)
  }

  @Test func aTraceNamesLayersAndIsJSON() throws {
    let path = FileManager.default.temporaryDirectory.path + "/trace-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let instruments = try Instruments(InstrumentSettings(trace: path))
    _ = try run(try instruments.open("openblas"))
    try instruments.writeTrace()
    struct Trace: Decodable {
      struct Event: Decodable { let name: String }
      let traceEvents: [Event]
    }
    let data = try #require(FileManager.default.contents(atPath: path))
    let names = try JSONDecoder().decode(Trace.self, from: data).traceEvents.map(\.name)
    #expect(names.contains { $0.hasPrefix("layer") } && names.contains { $0.hasPrefix("end") })
    #expect(try #require(instruments.table).contains("layer"))
    #expect(instruments.verified == nil)
  }

  @Test func whatCannotBeWatchedIsRefusedBeforeTheWork() throws {
    #expect(throws: (any Error).self) { try Instruments(InstrumentSettings(trace: "/nowhere/trace.json")) }
    let rate = #expect(throws: EngineError.self) { try Instruments(InstrumentSettings(verifyRate: 2)) }
    #expect(rate?.message.contains("between 0 and 1, not 2.0") == true)
    let instruments = try Instruments(InstrumentSettings(verifyRate: 1))
    let own = #expect(throws: EngineError.self) { try instruments.open("reference") }
    #expect(own?.message.contains("'reference' itself") == true)
    #expect(InstrumentSettings().isOff && !InstrumentSettings(verifyRate: 0).isOff)
  }
}
