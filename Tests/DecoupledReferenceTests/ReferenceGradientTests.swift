import CDecoupled
import Testing

/// Gradients against differences of the operators themselves, and transposes against inner products.
struct ReferenceGradientTests {
  private func run(
    _ kind: Int, _ inputs: [TestTensor?], _ shapes: [[Int]?], integers: [String: [Int]] = [:],
    reals: [String: Double] = [:]
  ) throws -> [TestTensor?] {
    try ReferenceRunner.run(kind, inputs, outputs: shapes, integers: integers, reals: reals)
  }

  @Test func convolutionAndItsGradientsAreAdjoint() throws {
    let integers = ["strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [1, 2]]
    let x = TestTensor.random([2, 3, 6, 7], 1)
    let w = TestTensor.random([4, 3, 3, 2], 2)
    let dy = TestTensor.random([2, 4, 4, 6], 3)
    let y = try run(Int(DCN_OPERATOR_CONV), [x, w], [dy.dims], integers: integers)[0]!
    let dx = try run(Int(DCN_OPERATOR_CONV_TRANSPOSE), [dy, w], [x.dims], integers: integers)[0]!
    let dw = try run(
      Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT), [x, dy], [w.dims],
      integers: integers.merging(["kernel_shape": [3, 2]]) { $1 })[0]!
    #expect(abs(y.dot(dy) - x.dot(dx)) < 1e-12)
    #expect(abs(y.dot(dy) - w.dot(dw)) < 1e-12)
  }

  @Test func convolutionInGroupsAndItsGradientsAreAdjoint() throws {
    let integers = ["strides": [2, 1], "pads": [0, 1, 2, 0], "dilations": [1, 2], "group": [3]]
    let x = TestTensor.random([2, 6, 6, 7], 1)
    let w = TestTensor.random([9, 2, 3, 2], 2)
    let dy = TestTensor.random([2, 9, 3, 6], 3)
    let y = try run(Int(DCN_OPERATOR_CONV), [x, w], [dy.dims], integers: integers)[0]!
    let dx = try run(
      Int(DCN_OPERATOR_CONV_TRANSPOSE), [dy, w], [x.dims],
      integers: integers.merging(["output_padding": [1, 0]]) { $1 }
    )[0]!
    let dw = try run(
      Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT), [x, dy], [w.dims],
      integers: integers.merging(["kernel_shape": [3, 2]]) { $1 })[0]!
    #expect(abs(y.dot(dy) - x.dot(dx)) < 1e-12)
    #expect(abs(y.dot(dy) - w.dot(dw)) < 1e-12)
  }

  @Test func averagePoolAndUnpoolAreAdjoint() throws {
    let integers = ["kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]]
    let x = TestTensor.random([1, 2, 5, 4], 4)
    let dy = TestTensor.random([1, 2, 3, 4], 5)
    let y = try run(Int(DCN_OPERATOR_AVERAGE_POOL), [x], [dy.dims], integers: integers)[0]!
    let dx = try run(
      Int(DCN_OPERATOR_AVERAGE_UNPOOL), [dy], [x.dims], integers: integers.merging(["output_shape": [5, 4]]) { $1 })[0]!
    #expect(abs(y.dot(dy) - x.dot(dx)) < 1e-13)
  }

  @Test(arguments: [0, 1, 2], [0, 1]) func resizeAndItsGradientAreAdjoint(mode: Int, flag: Int) throws {
    let integers = ["mode": [mode], "antialias": [flag], "border": [flag]]
    let x = TestTensor.random([1, 2, 7, 3], 6)
    let dy = TestTensor.random([1, 2, 4, 8], 7)
    let y = try run(
      Int(DCN_OPERATOR_RESIZE), [x], [dy.dims], integers: integers.merging(["output_shape": [4, 8]]) { $1 })[0]!
    let dx = try run(
      Int(DCN_OPERATOR_RESIZE_GRADIENT), [dy], [x.dims], integers: integers.merging(["output_shape": [7, 3]]) { $1 })[
        0]!
    #expect(abs(y.dot(dy) - x.dot(dx)) < 1e-12)
  }

  /// Compares `gradient` with central differences of dy . function(x).
  private func expectGradient(
    _ gradient: TestTensor, at x: TestTensor, _ dy: TestTensor, _ function: (TestTensor) throws -> TestTensor
  ) throws {
    let step = 1e-5
    for index in x.values.indices {
      var (above, below) = (x, x)
      above.values[index] += step
      below.values[index] -= step
      let difference = (try function(above).dot(dy) - function(below).dot(dy)) / (2 * step)
      #expect(abs(difference - gradient.values[index]) < 1e-8)
    }
  }

  @Test func normalizationGradient() throws {
    let x = TestTensor.random([2, 2, 2, 2], 8)
    let dy = TestTensor.random(x.dims, 9)
    let scale = TestTensor([2], [2, -1])
    let shift = TestTensor([2], [0.5, 1])
    let integers = ["training_mode": [1]]
    let shapes = [x.dims, [2], [2]]
    func forward(_ x: TestTensor, _ scale: TestTensor) throws -> [TestTensor?] {
      try run(Int(DCN_OPERATOR_BATCH_NORMALIZATION), [x, scale, shift], shapes, integers: integers)
    }
    let statistics = try forward(x, scale)
    let gradients = try run(
      Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT), [dy, x, scale, statistics[1], statistics[2]], shapes,
      integers: integers)
    try expectGradient(gradients[0]!, at: x, dy) { try forward($0, scale)[0]! }
    try expectGradient(gradients[1]!, at: scale, dy) { try forward(x, $0)[0]! }
    let without = try run(
      Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT), [dy, x, scale, statistics[1], statistics[2]], [nil, [2], [2]],
      integers: integers)
    #expect(without[0] == nil && without[1] == gradients[1])
  }

  @Test func softmaxAndSigmoidGradients() throws {
    let x = TestTensor.random([2, 3, 2], 10)
    let dy = TestTensor.random(x.dims, 11)
    for (kind, gradient) in [
      (DCN_OPERATOR_SOFTMAX, DCN_OPERATOR_SOFTMAX_GRADIENT), (DCN_OPERATOR_SIGMOID, DCN_OPERATOR_SIGMOID_GRADIENT),
    ] {
      let y = try run(Int(kind), [x], [x.dims])[0]
      let dx = try run(Int(gradient), [dy, y], [x.dims])[0]!
      try expectGradient(dx, at: x, dy) { try run(Int(kind), [$0], [x.dims])[0]! }
    }
  }

  @Test func lossGradients() throws {
    let dloss = TestTensor([1], [3])
    let x = TestTensor.random([2, 3], 12)
    let t = TestTensor([2, 3], [1, 0, 0, 1, 1, 0])
    let dx = try run(Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY_GRADIENT), [dloss, x, t], [x.dims])[0]!
    try expectGradient(dx, at: x, dloss) { try run(Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY), [$0, t], [[1]])[0]! }

    let scores = TestTensor.random([1, 3, 2, 2], 13)
    let targets = TestTensor(integers: [2, 255, 0, 1], dims: [1, 2, 2])
    let back = try run(
      Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY_GRADIENT), [dloss, scores, targets], [scores.dims])[0]!
    try expectGradient(back, at: scores, dloss) {
      try run(Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY), [$0, targets], [[1]])[0]!
    }
  }
}
