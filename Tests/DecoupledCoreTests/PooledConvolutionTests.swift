import DecoupledBase
import DecoupledCore
import Testing

/// A MaxPool behind a 3x3 convolution and a MaxUnpool before one, which backends compute as one kernel each: the results, and
/// the places of the maxima above all, are those of one after the other.
struct PooledConvolutionTests {
  private static let channels = 32
  private static let size = [22, 28]
  private static let window = SlidingWindow(3, pad: 1)

  private struct Network {
    let graph: Graph
    let x: ValueID
    /// Places of a pooling, where the network takes them from the caller.
    var places: ValueID?
    let results: [ValueID]

    /// x, conv, relu, pool, un-pool.
    static func pooling() throws -> Network {
      var graph = Graph()
      let x = try graph.addInput("x", ValueType(.float32, [3, channels] + size, batch: BatchDimension("rows")))
      let w = try graph.addParameter("w", [channels, channels, 3, 3])
      // Before and behind it stand others, so that a backend may choose how values are laid out.
      let before = try graph.add1(Scale(1), [x], name: "before")
      let conv = try graph.add1(Conv(window), [before, w], name: "conv")
      let relu = try graph.add1(Relu(), [conv], name: "relu")
      let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [relu], name: "pool")
      let y = try graph.add1(Scale(2), [pool[0]], name: "y")
      let unpool = try graph.add1(MaxUnpool(outputSize: size), [y, pool[1]], name: "unpool")
      // As large as the image, each maximum where it was found.
      let places = try graph.add1(Scale(1), [unpool], name: "places")
      return Network(graph: graph, x: x, results: [y, places])
    }

    /// x and places, un-pool, conv.
    static func unpooling() throws -> Network {
      var graph = Graph()
      let half = [3, channels] + size.map { $0 / 2 }
      let rows = BatchDimension("rows")
      let x = try graph.addInput("x", ValueType(.float32, half, batch: rows))
      let places = try graph.addInput("places", ValueType(.int32, half, batch: rows))
      let w = try graph.addParameter("w", [channels, channels, 3, 3])
      let before = try graph.add1(Scale(1), [x], name: "before")
      let unpool = try graph.add1(MaxUnpool(outputSize: size), [before, places], name: "unpool")
      let conv = try graph.add1(ConvTranspose(window), [unpool, w], name: "conv")
      let y = try graph.add1(Scale(2), [conv], name: "y")
      return Network(graph: graph, x: x, places: places, results: [y])
    }

    /// What both backends give for `feeds`.
    func run(
      _ backend: String, _ feeds: [ValueID: Tensor], _ parameters: ParameterStore
    ) throws -> [(own: Tensor, expected: Tensor)] {
      let both = try [backend, "reference"].map { name -> [ValueID: Tensor] in
        let plan = try Plan(graph, feeds: Array(feeds.keys), fetches: results, backend: BackendSearch.open(name))
        var values: [ValueID: Tensor] = [:]
        try Execution(RunControl(threads: 2)).run(
          plan, batch: [BatchDimension("rows"): try #require(feeds[x]).shape[0]], feeds: feeds, parameters: parameters,
          results: &values)
        return values
      }
      return try results.map { (try #require(both[0][$0]), try #require(both[1][$0])) }
    }
  }

  private static func weights(_ value: (_ row: Int, _ column: Int, _ cell: Int) -> Float) throws -> ParameterStore {
    let weights = try Tensor(zeros: [channels, channels, 3, 3])
    let elements = try weights.elements(Float.self)
    for i in elements.indices { elements[i] = value(i / 9 / channels, i / 9 % channels, i % 9) }
    let parameters = ParameterStore()
    parameters["w"] = weights
    return parameters
  }

  private static func drawn() throws -> ParameterStore {
    var random = RandomNumbers(8)
    let parameters = ParameterStore()
    parameters["w"] = try random.tensor([channels, channels, 3, 3])
    return parameters
  }

  private static func difference(_ pair: (own: Tensor, expected: Tensor)) throws -> Float {
    let (a, b) = (try pair.own.array(Float.self), try pair.expected.array(Float.self))
    return zip(a, b).map { $0.isNaN && $1.isNaN ? 0 : abs($0 - $1) }.max() ?? .nan
  }

  /// Kernels that are zero but in the middle give exact values, so that places are the same to the last one, among ties and
  /// zeros too.
  @Test(arguments: ["openblas"] + cpuVariants)
  func placesAreThoseOfOneAfterTheOther(backend: String) throws {
    let network = try Network.pooling()
    var random = RandomNumbers(6)
    let image = try random.tensor([3, Self.channels] + Self.size)
    let values = try image.elements(Float.self)
    for i in values.indices { values[i] = i % 7 == 0 ? 0 : (values[i] * 3).rounded() }
    let parameters = try Self.weights { $2 == 4 && $0 == $1 ? 1 : 0 }
    let pairs = try network.run(backend, [network.x: image], parameters)
    #expect(try Self.difference(pairs[0]) == 0)
    #expect(try Self.difference(pairs[1]) == 0)
  }

  /// The same with kernels that are computed in full: the maxima, and places whose values are as large as the maxima.
  @Test(arguments: ["openblas"] + cpuVariants, [1, 2, 3])
  func pooledValuesAndPlaces(backend: String, rows: Int) throws {
    let network = try Network.pooling()
    var random = RandomNumbers(7)
    let image = try random.tensor([rows, Self.channels] + Self.size)
    let pairs = try network.run(backend, [network.x: image], try Self.drawn())
    #expect(try Self.difference(pairs[0]) <= 1e-3)
    let (own, expected) = (try pairs[1].own.array(Float.self), try pairs[1].expected.array(Float.self))
    // Where two values of a window are equal but for rounding, either is the maximum.
    #expect(zip(own, expected).count { abs($0 - $1) > 1e-3 } <= own.count / 1000)
  }

  /// What a NaN reaches is no number, whatever else a backend takes along.
  @Test(arguments: cpuVariants)
  func notANumberIsPooled(backend: String) throws {
    let network = try Network.pooling()
    var random = RandomNumbers(9)
    let image = try random.tensor([3, Self.channels] + Self.size)
    try image.elements(Float.self)[Self.size[1] * 8 + 9] = .nan
    let pair = try network.run(backend, [network.x: image], try Self.drawn())[0]
    let (own, expected) = (try pair.own.array(Float.self), try pair.expected.array(Float.self))
    #expect(expected.contains { $0.isNaN })
    #expect(zip(own, expected).allSatisfy { !$1.isNaN || $0.isNaN })
  }

  /// Places in their own windows, one that is not, and kernels that are zero but in the middle.
  @Test(arguments: ["openblas"] + cpuVariants, [(false, false), (true, false), (false, true), (true, true)])
  func unpooledOnTheWay(backend: String, _ form: (foreign: Bool, pointwise: Bool)) throws {
    let network = try Network.unpooling()
    var random = RandomNumbers(10)
    let half = Self.size.map { $0 / 2 }
    let image = try random.tensor([3, Self.channels] + half)
    let places = try Tensor(zeros: image.shape, .int32)
    let elements = try places.elements(Int32.self)
    for i in elements.indices {
      let (y, x) = (i / half[1] % half[0], i % half[1])
      let cell = (i * 2_654_435_761) >> 7 & 3
      elements[i] = Int32((2 * y + cell / 2) * Self.size[1] + 2 * x + cell % 2)
    }
    if form.foreign {
      // A cell of the plane's first window that nobody else names.
      let first = elements.count / 2
      elements[first + 3] = elements[first] == 0 ? 1 : 0
      try image.elements(Float.self)[first + 3] = 5
    }
    let parameters = try form.pointwise ? Self.weights { $2 == 4 && $0 == $1 ? 1 : 0 } : Self.drawn()
    let pair = try network.run(
      backend, [network.x: image, try #require(network.places): places], parameters)[0]
    #expect(try Self.difference(pair) <= (form.pointwise ? 0 : 1e-3))
    #expect(try pair.expected.array(Float.self).contains { $0 != 0 })
  }

  /// A place outside of the plane is an error that names the layer.
  @Test(arguments: ["openblas"] + cpuVariants)
  func placesOutsideAreRefused(backend: String) throws {
    let network = try Network.unpooling()
    var random = RandomNumbers(11)
    let half = Self.size.map { $0 / 2 }
    let image = try random.tensor([3, Self.channels] + half)
    let places = try Tensor(zeros: image.shape, .int32)
    try places.elements(Int32.self)[40] = Int32(Self.size[0] * Self.size[1])
    let error = #expect(throws: EngineError.self) {
      try network.run(backend, [network.x: image, try #require(network.places): places], try Self.drawn())
    }
    #expect(error.map { "\($0)".contains("unpool") } == true)
  }
}
