import DecoupledCore
import Testing

/// An operator with inputs at which its gradient is checked. Inputs are chosen away from kinks.
struct GradientCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Shapes of the differentiable inputs; the value of element i of input k is `value(k, i)`.
  let shapes: [[Int]]
  let value: @Sendable (_ input: Int, _ index: Int) -> Double
  /// Appends the operator and returns the output that is differentiated.
  let build: @Sendable (_ graph: inout Graph, _ inputs: [ValueID], _ type: ElementType) throws -> ValueID
  /// Tensors of further inputs by name, such as switches and labels.
  let others: [String: @Sendable () throws -> Tensor]

  var testDescription: String { name }

  init(
    _ name: String, _ shapes: [[Int]], others: [String: @Sendable () throws -> Tensor] = [:],
    value: @escaping @Sendable (Int, Int) -> Double = GradientCase.spread,
    build: @escaping @Sendable (inout Graph, [ValueID], ElementType) throws -> ValueID
  ) {
    self.name = name
    self.shapes = shapes
    self.others = others
    self.value = value
    self.build = build
  }

  /// Numbers in -1...1, no two of which lie closer than 0.01 within the first hundred, none nearer to 0 than 0.004.
  @Sendable static func spread(_ input: Int, _ index: Int) -> Double {
    let step = (index * 37 + input * 53 + 11) % 101
    return Double(step - 50) / 50 + 0.0061
  }

  /// Numbers in -4...4 that differ by 0.016 at least, for up to 509 elements.
  @Sendable static func distinct(_ input: Int, _ index: Int) -> Double { Double(index * 197 % 509 - 254) / 63 + 0.003 }

  static let all: [GradientCase] =
    [
      GradientCase("Conv", [[2, 3, 5, 6], [4, 3, 3, 2], [4]]) { graph, x, _ in
        let window = SlidingWindow(kernel: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1])
        return try graph.add1(Conv(window), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("Conv dilated", [[1, 2, 7, 7], [3, 2, 3, 3], [3]]) { graph, x, _ in
        let window = SlidingWindow(kernel: [3, 3], pads: [2, 2, 2, 2], dilations: [2, 2])
        return try graph.add1(Conv(window), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("ConvTranspose", [[2, 3, 4, 4], [3, 2, 3, 3], [2]]) { graph, x, _ in
        try graph.add1(ConvTranspose(SlidingWindow(3, pad: 1)), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("ConvTranspose strided", [[1, 2, 3, 3], [2, 2, 3, 3], [2]]) { graph, x, _ in
        try graph.add1(ConvTranspose(SlidingWindow(3, stride: 2, pad: 1)), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("Conv in groups", [[2, 4, 5, 6], [6, 2, 3, 2], [6]]) { graph, x, _ in
        let window = SlidingWindow(kernel: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1])
        return try graph.add1(Conv(window, group: 2), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("Conv depthwise", [[1, 9, 6, 7], [9, 1, 3, 3], [9]]) { graph, x, _ in
        let window = SlidingWindow(kernel: [3, 3], strides: [1, 1], pads: [1, 2, 1, 0])
        return try graph.add1(Conv(window, group: 9), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("Conv depthwise strided", [[1, 8, 13, 14], [8, 1, 5, 3]]) { graph, x, _ in
        let window = SlidingWindow(kernel: [5, 3], strides: [2, 2], pads: [2, 1, 2, 0])
        return try graph.add1(Conv(window, group: 8), [x[0], x[1]], name: "y")
      },
      GradientCase("ConvTranspose in groups", [[1, 4, 3, 4], [4, 3, 3, 3], [6]]) { graph, x, _ in
        try graph.add1(ConvTranspose(SlidingWindow(3, pad: 1), group: 2), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("ConvTranspose strided in groups", [[2, 4, 3, 3], [4, 2, 3, 3]]) { graph, x, _ in
        let window = SlidingWindow(3, stride: 2, pad: 1)
        return try graph.add1(ConvTranspose(window, outputPadding: [1, 0], group: 2), [x[0], x[1]], name: "y")
      },
      GradientCase("ConvTranspose depthwise strided", [[1, 8, 6, 6], [8, 1, 3, 3], [8]]) { graph, x, _ in
        let window = SlidingWindow(3, stride: 2, pad: 1)
        return try graph.add1(ConvTranspose(window, outputPadding: [1, 1], group: 8), [x[0], x[1], x[2]], name: "y")
      },
      GradientCase("MaxPool padded", [[1, 9, 8, 7]], value: Self.distinct) { graph, x, _ in
        try graph.add(MaxPool(SlidingWindow(3, stride: 2, pad: 1)), [x[0]], name: "y")[0]
      },
      GradientCase("MaxPool", [[1, 2, 4, 6]]) { graph, x, _ in
        try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [x[0]], name: "y")[0]
      },
      GradientCase("MaxPool overlapping", [[1, 1, 7, 7]]) { graph, x, _ in
        try graph.add(MaxPool(SlidingWindow(3, stride: 2)), [x[0]], name: "y")[0]
      },
      GradientCase("AveragePool", [[2, 2, 4, 5]]) { graph, x, _ in
        try graph.add1(AveragePool(SlidingWindow(kernel: [2, 3], strides: [2, 1])), [x[0]], name: "y")
      },
      GradientCase("AverageUnpool", [[1, 2, 2, 2]]) { graph, x, _ in
        try graph.add1(AverageUnpool(SlidingWindow(2, stride: 2), outputSize: [4, 4]), [x[0]], name: "y")
      },
      GradientCase(
        "MaxUnpool", [[1, 2, 2, 2]],
        others: ["switches": { try Tensor([0, 3, 9, 14, 5, 2, 8, 11] as [Int32], shape: [1, 2, 2, 2]) }]
      ) {
        graph, x, _ in
        let switches = try graph.addInput("switches", ValueType(.int32, [1, 2, 2, 2]))
        return try graph.add1(MaxUnpool(outputSize: [4, 4]), [x[0], switches, nil], name: "y")
      },
      GradientCase("Relu", [[2, 3, 3, 3]]) { graph, x, _ in try graph.add1(Relu(), [x[0]], name: "y") },
      GradientCase("HardSwish", [[2, 3, 3, 3]], value: { 4 * spread($0, $1) }) { graph, x, _ in
        try graph.add1(HardSwish(), [x[0]], name: "y")
      },
      GradientCase("Sigmoid", [[2, 5]]) { graph, x, _ in try graph.add1(Sigmoid(), [x[0]], name: "y") },
      GradientCase("Softmax", [[2, 3, 2, 2]]) { graph, x, _ in try graph.add1(Softmax(axis: 1), [x[0]], name: "y") },
      GradientCase("BatchNormalization of the batch", [[3, 2, 2, 3], [2], [2]]) { graph, x, _ in
        try graph.add(BatchNormalization(epsilon: 1e-5, training: true), [x[0], x[1], x[2]], name: "y")[0]
      },
      GradientCase(
        "BatchNormalization with given statistics", [[2, 2, 2, 3], [2], [2]],
        others: [
          "mean": { try Tensor([0.2, -0.1] as [Float], shape: [2]) },
          "variance": { try Tensor([0.7, 1.4] as [Float], shape: [2]) },
        ]
      ) { graph, x, type in
        let mean = try graph.addInput("mean", ValueType(type, [2]))
        let variance = try graph.addInput("variance", ValueType(type, [2]))
        return try graph.add1(
          BatchNormalization(epsilon: 1e-5, training: false), [x[0], x[1], x[2], mean, variance], name: "y")
      },
      GradientCase("Concat", [[2, 1, 2, 2], [2, 3, 2, 2]]) { graph, x, _ in
        try graph.add1(Concat(), [x[0], x[1]], name: "y")
      },
      GradientCase("Mul", [[2, 3, 2, 2], [2, 3, 2, 2]]) { graph, x, _ in
        try graph.add1(Mul(), [x[0], x[1], nil], name: "y")
      },
      GradientCase("Mul broadcast", [[2, 3, 2, 2], [2, 3, 1, 1]]) { graph, x, _ in
        try graph.add1(Mul(broadcast: true), [x[0], x[1], nil], name: "y")
      },
      GradientCase("Add broadcast", [[1, 8, 6, 7], [1, 8, 1, 1]]) { graph, x, _ in
        try graph.add1(Add(broadcast: true), [x[0], x[1], nil], name: "y")
      },
      GradientCase("ReduceSum over pixels", [[2, 3, 2, 3]]) { graph, x, _ in
        try graph.add1(ReduceSum(axes: [2, 3]), [x[0]], name: "y")
      },
      GradientCase("ReduceSum over all but the batch", [[3, 2, 4]]) { graph, x, _ in
        try graph.add1(ReduceSum(axes: [2, 1]), [x[0]], name: "y")
      },
      GradientCase("Mul by itself", [[2, 3]]) { graph, x, _ in try graph.add1(Mul(), [x[0], x[0], nil], name: "y") },
      GradientCase("Add", [[2, 3], [2, 3]]) { graph, x, _ in try graph.add1(Add(), [x[0], x[1], nil], name: "y") },
      GradientCase("Scale", [[2, 3]]) { graph, x, _ in try graph.add1(Scale(-1.75), [x[0]], name: "y") },
      GradientCase("Reshape", [[2, 6]]) { graph, x, _ in
        let shaped = try graph.add1(Reshape(trailing: [2, 3]), [x[0]], name: "shaped")
        return try graph.add1(Scale(2), [shaped], name: "y")
      },
      GradientCase("Dropout", [[4, 9]], others: ["seed": { try Tensor([77] as [Int64], shape: [1]) }]) { graph, x, _ in
        let seed = try graph.addInput("seed", ValueType(.int64, [1]))
        return try graph.add(Dropout(ratio: 0.4), [x[0], seed], name: "y")[0]
      },
      GradientCase("Resize linear", [[1, 2, 3, 4]]) { graph, x, _ in
        try graph.add1(Resize(outputSize: [5, 7], Interpolation(.linear)), [x[0]], name: "y")
      },
      GradientCase("Resize cubic antialiased", [[1, 1, 7, 6]]) { graph, x, _ in
        try graph.add1(
          Resize(outputSize: [3, 4], Interpolation(.cubic, antialias: true, border: .reflect)), [x[0]], name: "y")
      },
      GradientCase(
        "SigmoidCrossEntropy", [[3, 4]],
        others: [
          "targets": { try Tensor((0..<12).map { Float($0 % 3 == 0 ? 1 : 0) }, shape: [3, 4]) }
        ]
      ) { graph, x, type in
        let targets = try graph.addInput("targets", ValueType(type, [3, 4]))
        return try graph.add1(SigmoidCrossEntropy(), [x[0], targets], name: "y")
      },
      GradientCase(
        "SoftmaxCrossEntropy", [[2, 3, 2, 2]],
        others: [
          "labels": { try Tensor([0, 1, 2, 255, 1, 255, 0, 2] as [Int32], shape: [2, 2, 2]) }
        ]
      ) { graph, x, _ in
        let labels = try graph.addInput("labels", ValueType(.int32, [2, 2, 2]))
        return try graph.add1(SoftmaxCrossEntropy(), [x[0], labels], name: "y")
      },
    ]
    + [false, true].flatMap { transA in
      [false, true].map { transB in
        GradientCase(
          "Gemm \(transA ? "A'" : "A")\(transB ? "B'" : "B")",
          [transA ? [4, 3] : [3, 4], transB ? [2, 4] : [4, 2], [2]]
        ) { graph, x, _ in
          try graph.add1(
            Gemm(transA: transA, transB: transB, alpha: 1.5, beta: 0.5), [x[0], x[1], x[2]], name: "y")
        }
      }
    }
}
