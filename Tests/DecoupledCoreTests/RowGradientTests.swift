import DecoupledBase
import DecoupledCore
import Testing

/// Gradients that go back through images by rows, as those of class scores do in equation (3): they are what each row gives
/// alone, on its own copy of its image.
struct RowGradientTests {
  private static let rows = [2, 0, 2, 1, 0]

  /// Operators whose inputs all are one row per image.
  static let cases: [GradientCase] = [
    GradientCase("Sigmoid", [[3, 9, 6, 7]]) { graph, x, _ in try graph.add1(Sigmoid(), [x[0]], name: "y") },
    GradientCase("Softmax", [[3, 9, 6, 7]]) { graph, x, _ in try graph.add1(Softmax(axis: 1), [x[0]], name: "y") },
    GradientCase("Softmax of vectors", [[3, 5]]) { graph, x, _ in try graph.add1(Softmax(axis: 1), [x[0]], name: "y") },
    GradientCase("Mul", [[3, 8, 6, 7], [3, 8, 6, 7]]) { graph, x, _ in
      try graph.add1(Mul(), [x[0], x[1], nil], name: "y")
    },
    GradientCase("Mul broadcast", [[3, 8, 6, 7], [3, 8, 1, 1]]) { graph, x, _ in
      try graph.add1(Mul(broadcast: true), [x[0], x[1], nil], name: "y")
    },
    GradientCase("Add broadcast", [[3, 8, 6, 7], [3, 8, 1, 1]]) { graph, x, _ in
      try graph.add1(Add(broadcast: true), [x[0], x[1], nil], name: "y")
    },
    GradientCase("AveragePool", [[3, 8, 6, 8]]) { graph, x, _ in
      try graph.add1(AveragePool(SlidingWindow(2, stride: 2)), [x[0]], name: "y")
    },
    GradientCase("AverageUnpool", [[3, 8, 3, 4]]) { graph, x, _ in
      try graph.add1(AverageUnpool(SlidingWindow(2, stride: 2), outputSize: [6, 8]), [x[0]], name: "y")
    },
    GradientCase("MaxPool padded", [[3, 9, 8, 7]], value: GradientCase.distinct) { graph, x, _ in
      try graph.add(MaxPool(SlidingWindow(3, stride: 2, pad: 1)), [x[0]], name: "y")[0]
    },
    GradientCase("ReduceSum", [[3, 8, 6, 7]]) { graph, x, _ in
      try graph.add1(ReduceSum(axes: [2, 3]), [x[0]], name: "y")
    },
    GradientCase("Resize", [[3, 2, 4, 3]]) { graph, x, _ in
      try graph.add1(Resize(outputSize: [7, 5], Interpolation(.linear)), [x[0]], name: "y")
    },
    GradientCase(
      "a normalised block with a gate", [[3, 8, 7, 6]],
      others: [
        "w": { try Tensor((0..<72).map { Float(GradientCase.spread(1, $0)) }, shape: [8, 1, 3, 3]) },
        "scale": { try Tensor((0..<8).map { Float(GradientCase.spread(2, $0)) }, shape: [8]) },
        "shift": { try Tensor((0..<8).map { Float(GradientCase.spread(3, $0)) }, shape: [8]) },
        "mean": { try Tensor((0..<8).map { Float(GradientCase.spread(4, $0)) }, shape: [8]) },
        "variance": { try Tensor((0..<8).map { Float(1.2 + GradientCase.spread(5, $0)) }, shape: [8]) },
        "m": { try Tensor((0..<64).map { Float(GradientCase.spread(6, $0)) }, shape: [8, 8]) },
      ]
    ) { graph, x, type in
      let w = try graph.addInput("w", ValueType(type, [8, 1, 3, 3]))
      let statistics = try ["scale", "shift", "mean", "variance"].map { try graph.addInput($0, ValueType(type, [8])) }
      let m = try graph.addInput("m", ValueType(type, [8, 8]))
      let conv = try graph.add1(Conv(SlidingWindow(3, pad: 1), group: 8), [x[0], w], name: "conv")
      let normalized = try graph.add1(
        BatchNormalization(epsilon: 1e-5, training: false), [conv] + statistics, name: "bn")
      let map = try graph.add1(Relu(), [normalized], name: "relu")
      let sum = try graph.add1(ReduceSum(axes: [2, 3]), [map], name: "sum")
      let mean = try graph.add1(Scale(1 / 42), [sum], name: "mean of the map")
      let gate = try graph.add1(Sigmoid(), [try graph.add1(Gemm(), [mean, m], name: "gemm")], name: "gate")
      let shaped = try graph.add1(Reshape(trailing: [8, 1, 1]), [gate], name: "shaped")
      return try graph.add1(Mul(broadcast: true), [map, shaped], name: "y")
    },
  ]

  @Test(arguments: Self.cases, ["reference", "openblas"] + cpuVariants)
  func areThoseOfEachRowAlone(operation: GradientCase, name: String) throws {
    let backend = try BackendSearch.open(name)
    let images = try operation.shapes.enumerated().map { k, shape in
      try Tensor((0..<shape.reduce(1, *)).map { Float(operation.value(k, $0)) }, shape: shape)
    }
    let shared = try gradients(operation, images, rows: Self.rows, backend)
    let copies = try zip(images, operation.shapes).map { image, shape in
      let (values, size) = (try image.array(Float.self), shape.dropFirst().reduce(1, *))
      return try Tensor(
        Self.rows.flatMap { values[$0 * size..<($0 + 1) * size] }, shape: [Self.rows.count] + shape.dropFirst())
    }
    let alone = try gradients(operation, copies, rows: nil, backend)
    for (mapped, expected) in zip(shared, alone) {
      let largest = expected.map(abs).max() ?? 0
      #expect(largest > 0 && mapped.count == expected.count)
      #expect(zip(mapped, expected).allSatisfy { abs($0 - $1) <= 1e-6 * largest })
    }
  }

  /// The gradients of a weighted sum of y with respect to all inputs.
  private func gradients(
    _ operation: GradientCase, _ images: [Tensor], rows: [Int]?, _ backend: Backend
  ) throws -> [[Float]] {
    var graph = Graph()
    let inputs = try images.enumerated().map { try graph.addInput("x\($0)", ValueType(.float32, $1.shape)) }
    let y = try operation.build(&graph, inputs, .float32)
    let shape = [Self.rows.count] + graph[y].type.shape.dropFirst()
    let seed = try graph.addInput("dy", ValueType(.float32, shape))
    let map = try rows.map { try graph.addInput("rows", ValueType(.int32, [$0.count])) }
    let gradients = try graph.gradient(of: y, withRespectTo: inputs, seed: seed, rowToImage: map).map {
      try #require($0)
    }
    var feeds = Dictionary(uniqueKeysWithValues: zip(inputs, images))
    for (name, make) in operation.others { feeds[try graph.value(named: name)] = try make() }
    feeds[seed] = try Tensor(
      (0..<shape.reduce(1, *)).map { Float(GradientCase.spread(9, $0)) }, shape: shape)
    if let map, let rows { feeds[map] = try Tensor(rows.map { Int32($0) }, shape: [rows.count]) }
    let plan = try Plan(graph, feeds: Array(feeds.keys), fetches: gradients, backend: backend)
    var results: [ValueID: Tensor] = [:]
    try Execution(RunControl(threads: 2)).run(plan, feeds: feeds, parameters: ParameterStore(), results: &results)
    return try gradients.map { try #require(results[$0]).array(Float.self) }
  }

  @Test func statisticsOfTheBatchRefuseRows() throws {
    var graph = Graph()
    let x = try graph.addInput("x", ValueType(.float32, [2, 3, 4, 4]))
    let channels = try ["scale", "shift"].map { try graph.addInput($0, ValueType(.float32, [3])) }
    let y = try graph.add(BatchNormalization(epsilon: 1e-5, training: true), [x] + channels, name: "bn")[0]
    let seed = try graph.addInput("dy", ValueType(.float32, [5, 3, 4, 4]))
    let rows = try graph.addInput("rows", ValueType(.int32, [5]))
    let error = #expect(throws: EngineError.self) {
      try graph.gradient(of: y, withRespectTo: [x], seed: seed, rowToImage: rows)
    }
    #expect(error?.message.contains("bn") == true)
  }
}
