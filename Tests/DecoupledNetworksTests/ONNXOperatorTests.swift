import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import Glibc
import Testing

/// A small graph whose values are computed by the reference backend and said in ONNX.
struct ONNXCase: Sendable, CustomTestStringConvertible {
  let name: String
  let build: @Sendable (inout ONNXCaseBuilder) throws -> [ValueID]
  var testDescription: String { name }

  init(_ name: String, _ build: @escaping @Sendable (inout ONNXCaseBuilder) throws -> [ValueID]) {
    self.name = name
    self.build = build
  }
}

/// A graph together with the values of its inputs.
struct ONNXCaseBuilder {
  var graph = Graph()
  var feeds: [(value: ValueID, tensor: Tensor)] = []

  /// Numbers in -1...1 without order.
  mutating func reals(_ shape: [Int], atLeast least: Float = -1) throws -> ValueID {
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { index in
      max(least, Float((index * 37 + feeds.count * 53 + 11) % 101) / 50 - 1.0061)
    }
    return try input(try Tensor(numbers, shape: shape))
  }

  mutating func integers(_ numbers: [Int32], _ shape: [Int]? = nil) throws -> ValueID {
    try input(try Tensor(numbers, shape: shape ?? [numbers.count]))
  }

  private mutating func input(_ tensor: Tensor) throws -> ValueID {
    let value = try graph.addInput("input\(feeds.count)", ValueType(tensor.elementType, tensor.shape))
    feeds.append((value, tensor))
    return value
  }

  mutating func add(_ operation: any Operator, _ inputs: [ValueID?]) throws -> [ValueID] {
    try graph.add(operation, inputs, name: "node\(graph.nodes.count)")
  }

  /// The gradient of a value with respect to another, by seeds that have other rows where `map` is there.
  mutating func gradient(of y: ValueID, to x: ValueID, rows: [Int32]? = nil) throws -> ValueID {
    let shape = graph[y].type.shape
    let map = try rows.map { try integers($0) }
    let seed = try reals([rows?.count ?? shape[0]] + shape.dropFirst())
    return try #require(try graph.gradient(of: y, withRespectTo: [x], seed: seed, rowToImage: map)[0])
  }
}

/// What operators are in ONNX. The files that this writes to .build/onnx-cases hold inputs and expected results; Tests/formats
/// runs them in ONNX Runtime.
struct ONNXOperatorTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/.build/onnx-cases"

  @Test(arguments: cases) func isWritten(_ example: ONNXCase) throws {
    var builder = ONNXCaseBuilder()
    let values = try example.build(&builder)
    let feeds = Dictionary(uniqueKeysWithValues: builder.feeds.map { ($0.value, $0.tensor) })
    let plan = try Plan(
      builder.graph, feeds: builder.feeds.map(\.value), fetches: values, backend: try BackendSearch.open("reference"))
    var results: [ValueID: Tensor] = [:]
    try Execution(RunControl(threads: 1)).run(plan, feeds: feeds, parameters: ParameterStore(), results: &results)

    let names = values.indices.map { "y\($0)" }
    var lowering = ONNXLowering(
      builder.graph, name: example.name, outputs: names + names.map { "\($0)_expected" })
    for (value, tensor) in builder.feeds {
      lowering.give(value, as: try Self.constant(tensor, &lowering.result))
    }
    for (value, name) in zip(values, names) {
      try lowering.output(value, name)
      let tensor = try #require(results[value])
      let expected = try Self.constant(tensor, &lowering.result)
      lowering.result.output(
        "\(name)_expected", expected, tensor.shape, tensor.elementType == .int32 ? .int64 : tensor.elementType)
    }
    mkdir(Self.folder, 0o755)
    try ONNXFile(graph: lowering.result.finished(), parameters: ParameterStore())
      .write(to: "\(Self.folder)/\(example.name).onnx")
  }

  private static func constant(_ tensor: Tensor, _ graph: inout ONNXGraph) throws -> String {
    tensor.elementType == .int32
      ? graph.constant(try tensor.array(Int32.self).map(Int.init), tensor.shape)
      : graph.constant(try tensor.array(Float.self), tensor.shape)
  }

  @Test func whatHasNoFormIsNamed() throws {
    var builder = ONNXCaseBuilder()
    let x = try builder.reals([1, 1, 5, 5])
    let pool = try builder.add(MaxPool(SlidingWindow(3, stride: 1)), [x])[0]
    let shrunk = try builder.add(Resize(outputSize: [2, 2], Interpolation(.cubic, antialias: true)), [x])[0]
    let mirrored = try builder.add(Resize(outputSize: [7, 7], Interpolation(.linear, border: .reflect)), [x])[0]
    let weights = try builder.reals([1, 1, 3, 3])
    let convolved = try builder.add(Conv(SlidingWindow(3)), [x, weights])[0]
    let statistics = try builder.add(
      BatchNormalization(epsilon: 1, training: true), [x, try builder.reals([1]), try builder.reals([1])])[0]
    let values = [
      (try builder.gradient(of: pool, to: x), "operator set 16"), (shrunk, "operator set 18"), (mirrored, "mirror"),
      (try builder.gradient(of: convolved, to: weights), "training"), (statistics, "training"),
    ]
    for (value, reason) in values {
      var lowering = ONNXLowering(builder.graph, name: "x", outputs: ["y"])
      for feed in builder.feeds { lowering.input(feed.value, builder.graph[feed.value].name) }
      let error = try #require(throws: EngineError.self) { try lowering.output(value, "y") }
      #expect(error.status == .unsupported)
      #expect(error.message.contains(reason) && error.message.contains("node"))
    }
    var lowering = ONNXLowering(builder.graph, name: "x", outputs: ["y"])
    #expect(throws: EngineError.self) { try lowering.output(convolved, "y") }
  }

  private static let cases: [ONNXCase] =
    [
      ONNXCase("Conv") { graph in
        let window = SlidingWindow(kernel: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1], dilations: [1, 2])
        return try graph.add(
          Conv(window), [try graph.reals([2, 3, 7, 8]), try graph.reals([4, 3, 3, 2]), try graph.reals([4])])
      },
      ONNXCase("Conv gradient") { graph in
        let window = SlidingWindow(kernel: [3, 3], strides: [2, 2], pads: [1, 0, 1, 0])
        let x = try graph.reals([1, 3, 8, 7])
        let y = try graph.add(Conv(window), [x, try graph.reals([4, 3, 3, 3])])[0]
        return [try graph.gradient(of: y, to: x, rows: [0, 0, 0])]
      },
      ONNXCase("ConvTranspose") { graph in
        try graph.add(
          ConvTranspose(SlidingWindow(3, stride: 2, pad: 1), outputPadding: [1, 0]),
          [try graph.reals([2, 3, 4, 5]), try graph.reals([3, 2, 3, 3]), try graph.reals([2])])
      },
      ONNXCase("Conv in groups") { graph in
        let (x, w) = (try graph.reals([2, 4, 7, 8]), try graph.reals([6, 2, 3, 3]))
        let y = try graph.add(Conv(SlidingWindow(3, stride: 2, pad: 1), group: 2), [x, w])[0]
        return [y, try graph.gradient(of: y, to: x)]
      },
      ONNXCase("ConvTranspose in groups") { graph in
        try graph.add(
          ConvTranspose(SlidingWindow(3, stride: 2, pad: 1), outputPadding: [0, 1], group: 4),
          [try graph.reals([2, 4, 4, 5]), try graph.reals([4, 2, 3, 3])])
      },
      ONNXCase("MaxPool") { graph in
        let window = SlidingWindow(kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0])
        return try graph.add(MaxPool(window), [try graph.reals([2, 3, 6, 7])])
      },
      ONNXCase("MaxPool with incomplete windows") { graph in
        try graph.add(MaxPool(SlidingWindow(2, stride: 2), ceilMode: true), [try graph.reals([1, 2, 5, 7])])
      },
      ONNXCase("MaxUnpool") { graph in
        let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [try graph.reals([2, 3, 6, 7])])
        return try graph.add(MaxUnpool(outputSize: [6, 7]), [try graph.reals([2, 3, 3, 3]), pool[1]])
      },
      ONNXCase("MaxUnpool of given switches") { graph in
        let switches = try graph.integers([0, 3, 9, 14, 5, 2, 8, 11], [1, 2, 2, 2])
        return try graph.add(MaxUnpool(outputSize: [4, 4]), [try graph.reals([1, 2, 2, 2]), switches])
      },
      ONNXCase("MaxUnpoolGradient") { graph in
        let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [try graph.reals([2, 3, 6, 8])])
        let x = try graph.reals([2, 3, 3, 4])
        let y = try graph.add(MaxUnpool(outputSize: [6, 8]), [x, pool[1]])[0]
        return [try graph.gradient(of: y, to: x)]
      },
      ONNXCase("AveragePool") { graph in
        let window = SlidingWindow(kernel: [2, 3], strides: [2, 2], pads: [0, 1, 1, 1])
        return try graph.add(AveragePool(window), [try graph.reals([2, 3, 5, 7])])
      },
      ONNXCase("AverageUnpool") { graph in
        let window = SlidingWindow(kernel: [2, 3], strides: [2, 2], pads: [0, 1, 1, 1])
        return try graph.add(AverageUnpool(window, outputSize: [5, 8]), [try graph.reals([2, 3, 3, 4])])
      },
      ONNXCase("Relu of pooled maxima gradient") { graph in
        let x = try graph.reals([2, 2, 4, 4])
        let rectified = try graph.add(Relu(), [x])[0]
        let pooled = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [rectified])[0]
        return [try graph.gradient(of: pooled, to: x, rows: [1, 0, 1])]
      },
      ONNXCase("BatchNormalization") { graph in
        try graph.add(
          BatchNormalization(epsilon: 1e-3, training: false),
          [
            try graph.reals([2, 3, 2, 2]), try graph.reals([3]), try graph.reals([3]), try graph.reals([3]),
            try graph.reals([3], atLeast: 0.2),
          ])
      },
      ONNXCase("BatchNormalization gradient") { graph in
        let x = try graph.reals([2, 3, 2, 2])
        let parameters = [
          try graph.reals([3]), try graph.reals([3]), try graph.reals([3]), try graph.reals([3], atLeast: 0.2),
        ]
        let y = try graph.add(BatchNormalization(epsilon: 1e-3, training: false), [x] + parameters)[0]
        return [try graph.gradient(of: y, to: x)]
      },
      ONNXCase("Concat") { graph in
        try graph.add(Concat(axis: 2), [try graph.reals([2, 3, 2, 4]), try graph.reals([2, 3, 1, 4])])
      },
      ONNXCase("Slice") { graph in try graph.add(Slice(axis: 1, 1..<3), [try graph.reals([2, 4, 3])]) },
      ONNXCase("Gather") { graph in
        try graph.add(Gather(), [try graph.reals([2, 4, 3]), try graph.integers([1, 0, 1])])
      },
      ONNXCase("Gather of switches") { graph in
        let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [try graph.reals([2, 3, 4, 4])])
        let switches = try graph.add(Gather(), [pool[1], try graph.integers([1, 0, 1])])[0]
        return try graph.add(MaxUnpool(outputSize: [4, 4]), [try graph.reals([3, 3, 2, 2]), switches])
      },
      ONNXCase("Reshape") { graph in try graph.add(Reshape(trailing: [3, 4]), [try graph.reals([2, 4, 3])]) },
      ONNXCase("Scale") { graph in try graph.add(Scale(-1.75), [try graph.reals([2, 4, 3])]) },
      ONNXCase("Sigmoid") { graph in try graph.add(Sigmoid(), [try graph.reals([2, 4])]) },
      ONNXCase("Sigmoid gradient") { graph in
        let x = try graph.reals([2, 4])
        return [try graph.gradient(of: try graph.add(Sigmoid(), [x])[0], to: x)]
      },
      ONNXCase("Softmax") { graph in try graph.add(Softmax(axis: 1), [try graph.reals([2, 4, 3])]) },
      ONNXCase("Softmax gradient") { graph in
        let x = try graph.reals([2, 4, 3])
        return [try graph.gradient(of: try graph.add(Softmax(axis: 1), [x])[0], to: x)]
      },
      ONNXCase("ReduceSum") { graph in try graph.add(ReduceSum(axes: [0, 2]), [try graph.reals([2, 4, 3])]) },
      ONNXCase("ReduceSum of all") { graph in try graph.add(ReduceSum(axes: [0, 1]), [try graph.reals([2, 4])]) },
      ONNXCase("Resize nearest") { graph in
        try graph.add(Resize(outputSize: [5, 9], Interpolation(.nearest)), [try graph.reals([1, 2, 4, 5])])
      },
      ONNXCase("Resize linear") { graph in
        try graph.add(Resize(outputSize: [9, 3], Interpolation(.linear)), [try graph.reals([1, 2, 4, 5])])
      },
      ONNXCase("Resize cubic") { graph in
        try graph.add(
          Resize(outputSize: [9, 11], Interpolation(.cubic, cubicCoefficient: -0.75)), [try graph.reals([1, 2, 4, 5])])
      },
    ] + ofRows(images: 1, map: [0, 0, 0]) + ofRows(images: 2, map: [1, 0, 1]) + products

  /// Operators with operands of which rows share an image.
  private static func ofRows(images: Int, map: [Int32]) -> [ONNXCase] {
    let suffix = "for rows of \(images) image\(images > 1 ? "s" : "")"
    return [
      ONNXCase("Mul \(suffix)") { graph in
        try graph.add(
          Mul(), [try graph.reals([3, 2, 2, 2]), try graph.reals([images, 2, 2, 2]), try graph.integers(map)])
      },
      ONNXCase("Add \(suffix)") { graph in
        try graph.add(
          Add(), [try graph.reals([3, 2, 2, 2]), try graph.reals([images, 2, 2, 2]), try graph.integers(map)])
      },
      ONNXCase("Mul broadcast \(suffix)") { graph in
        let (x, gate) = (try graph.reals([images, 2, 3, 2]), try graph.reals([images, 2, 1, 1]))
        let y = try graph.add(Mul(broadcast: true), [x, gate])[0]
        return [try graph.gradient(of: y, to: x, rows: map), try graph.gradient(of: y, to: gate, rows: map)]
      },
      ONNXCase("Add broadcast \(suffix)") { graph in
        try graph.add(
          Add(broadcast: true),
          [try graph.reals([3, 2, 2, 2]), try graph.reals([images, 2, 1, 1]), try graph.integers(map)])
      },
      ONNXCase("Sigmoid and Softmax gradients \(suffix)") { graph in
        let x = try graph.reals([images, 3, 2, 2])
        return try [Sigmoid(), Softmax(axis: 1)].map { (operation: any Operator) in
          try graph.gradient(of: try graph.add(operation, [x])[0], to: x, rows: map)
        }
      },
      ONNXCase("HardSwish and gradient \(suffix)") { graph in
        let x = try graph.reals([images, 3, 4, 4])
        let wide = try graph.add(Scale(5), [x])[0]
        let y = try graph.add(HardSwish(), [wide])[0]
        return [y, try graph.gradient(of: y, to: wide, rows: map)]
      },
      ONNXCase("BatchNormalization gradient \(suffix)") { graph in
        let x = try graph.reals([images, 3, 2, 2])
        let parameters = [
          try graph.reals([3]), try graph.reals([3]), try graph.reals([3]), try graph.reals([3], atLeast: 0.2),
        ]
        let y = try graph.add(BatchNormalization(epsilon: 1e-3, training: false), [x] + parameters)[0]
        return [try graph.gradient(of: y, to: x, rows: map)]
      },
      ONNXCase("Relu gradient \(suffix)") { graph in
        let x = try graph.reals([images, 2, 2, 3])
        return [try graph.gradient(of: try graph.add(Relu(), [x])[0], to: x, rows: map)]
      },
      ONNXCase("MaxUnpool \(suffix)") { graph in
        let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [try graph.reals([images, 3, 6, 8])])
        let values = try graph.reals([3, 3, 3, 4])
        return try graph.add(MaxUnpool(outputSize: [6, 8]), [values, pool[1], try graph.integers(map)])
      },
      ONNXCase("Saliency \(suffix)") { graph in
        // Eq. (3) through a ReLU, a convolution and each of the two heads.
        let x = try graph.reals([images, 2, 4, 4])
        let rectified = try graph.add(Relu(), [x])[0]
        let scores = try graph.add(Conv(SlidingWindow(1)), [rectified, try graph.reals([3, 2, 1, 1])])[0]
        let heads = [
          try graph.add(MaxPool(SlidingWindow(4)), [scores])[0],
          try graph.add(AveragePool(SlidingWindow(4)), [scores])[0],
        ]
        return try heads.map { try graph.gradient(of: $0, to: x, rows: map) }
      },
    ]
  }

  private static var products: [ONNXCase] {
    [false, true].flatMap { transA in
      [false, true].map { transB in
        ONNXCase("Gemm \(transA ? "A'" : "A")\(transB ? "B'" : "B")") { graph in
          try graph.add(
            Gemm(transA: transA, transB: transB, alpha: 1.5, beta: 0.5),
            [
              try graph.reals(transA ? [4, 3] : [3, 4]), try graph.reals(transB ? [2, 4] : [4, 2]),
              try graph.reals([2]),
            ])
        }
      }
    }
  }
}
