import CDecoupled
import Testing

/// Operators on numbers that were worked out by hand.
struct ReferenceOperatorTests {
  private func one(
    _ kind: Int, _ inputs: [TestTensor?], _ shape: [Int], integers: [String: [Int]] = [:],
    reals: [String: Double] = [:], gap: Int = 0
  ) throws -> [Double] {
    try ReferenceRunner.run(kind, inputs, outputs: [shape], integers: integers, reals: reals, gap: gap)[0]!.values
  }

  @Test(arguments: [0, 3]) func convolutionIsACrossCorrelation(gap: Int) throws {
    let x = TestTensor([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])
    let w = TestTensor([1, 1, 2, 2], [1, 0, 0, 10])
    let b = TestTensor([1], [100])
    #expect(try one(Int(DCN_OPERATOR_CONV), [x, w, b], [1, 1, 2, 2], gap: gap) == [151, 162, 184, 195])
    let padded = try one(
      Int(DCN_OPERATOR_CONV), [x, w], [1, 1, 2, 2], integers: ["pads": [1, 1, 0, 0], "strides": [2, 2]], gap: gap)
    #expect(padded == [10, 30, 70, 95])
  }

  @Test func transposedConvolutionScatters() throws {
    let x = TestTensor([1, 1, 1, 2], [1, 2])
    let w = TestTensor([1, 1, 1, 3], [1, 10, 100])
    #expect(try one(Int(DCN_OPERATOR_CONV_TRANSPOSE), [x, w], [1, 1, 1, 4]) == [1, 12, 120, 200])
    let padded = try one(
      Int(DCN_OPERATOR_CONV_TRANSPOSE), [x, w], [1, 1, 1, 5],
      integers: ["strides": [1, 2], "pads": [0, 1, 0, 0], "output_padding": [0, 1]])
    #expect(padded == [10, 102, 20, 200, 0])
  }

  @Test(arguments: [0, 3]) func groupsDoNotMeet(gap: Int) throws {
    let x = TestTensor([1, 4, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    let w = TestTensor([2, 2, 1, 1], [1, 10, 100, 1000])
    // The first output sees channels 0 and 1, the second one 2 and 3.
    let sums = try one(Int(DCN_OPERATOR_CONV), [x, w], [1, 2, 1, 2], integers: ["group": [2]], gap: gap)
    #expect(sums == [31, 42, 7500, 8600])
    let two = TestTensor([1, 2, 1, 2], [1, 2, 3, 4])
    let spread = try one(Int(DCN_OPERATOR_CONV_TRANSPOSE), [two, w], [1, 4, 1, 2], integers: ["group": [2]], gap: gap)
    #expect(spread == [1, 2, 10, 20, 300, 400, 3000, 4000])
    let gradient = try one(
      Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT), [x, two], [2, 2, 1, 1],
      integers: ["group": [2], "kernel_shape": [1, 1]], gap: gap)
    #expect(gradient == [5, 11, 39, 53])
  }

  @Test(arguments: [0, 2]) func oneValueMeetsAllPixelsOfAPlane(gap: Int) throws {
    let a = TestTensor([2, 2, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    let b = TestTensor([1, 2, 1, 1], [10, 100])
    let map = TestTensor(integers: [0, 0])
    let integers = ["broadcast": [1]]
    let product = try one(Int(DCN_OPERATOR_MUL), [a, b, map], a.dims, integers: integers, gap: gap)
    #expect(product == [10, 20, 300, 400, 50, 60, 700, 800])
    let rows = TestTensor([2, 2, 1, 1], [10, 100, 20, 200])
    let sum = try one(Int(DCN_OPERATOR_ADD), [a, rows], a.dims, integers: integers, gap: gap)
    #expect(sum == [11, 12, 103, 104, 25, 26, 207, 208])
  }

  @Test func firstMaximumWinsAndNotANumberIsAMaximum() throws {
    let x = TestTensor([1, 1, 2, 4], [5, 5, 1, .nan, 5, 5, 9, .nan])
    let results = try ReferenceRunner.run(
      Int(DCN_OPERATOR_MAX_POOL), [x], outputs: [[1, 1, 1, 2], [1, 1, 1, 2]],
      integers: ["kernel_shape": [2, 2], "strides": [2, 2]], outputTypes: [1: Int(DCN_ELEMENT_I32)])
    #expect(results[0]!.values[0] == 5 && results[0]!.values[1].isNaN)
    #expect(results[1]!.values == [0, 3])
  }

  @Test func ceilModeDropsAWindowThatStartsInThePadding() throws {
    let x = TestTensor([1, 1, 1, 3], [1, 2, 3])
    let integers = ["kernel_shape": [1, 2], "strides": [1, 2], "pads": [0, 1, 0, 1], "ceil_mode": [1]]
    #expect(try one(Int(DCN_OPERATOR_MAX_POOL), [x], [1, 1, 1, 2], integers: integers) == [1, 3])
  }

  @Test func lastWriteOfMaxUnpoolWinsUnlessAccumulated() throws {
    let x = TestTensor([1, 1, 1, 3], [1, 2, 4])
    let indices = TestTensor(integers: [3, 0, 3], dims: [1, 1, 1, 3])
    let kind = Int(DCN_OPERATOR_MAX_UNPOOL)
    #expect(try one(kind, [x, indices], [1, 1, 2, 2], integers: ["output_shape": [2, 2]]) == [2, 0, 0, 4])
    let integers = ["output_shape": [2, 2], "accumulate": [1]]
    #expect(try one(kind, [x, indices], [1, 1, 2, 2], integers: integers) == [2, 0, 0, 5])
  }

  @Test func averagePoolCountsCellsOfTheImage() throws {
    let x = TestTensor([1, 1, 1, 2], [3, 5])
    var integers = ["kernel_shape": [1, 2], "pads": [0, 1, 0, 1]]
    #expect(try one(Int(DCN_OPERATOR_AVERAGE_POOL), [x], [1, 1, 1, 3], integers: integers) == [3, 4, 5])
    integers["count_include_pad"] = [1]
    #expect(try one(Int(DCN_OPERATOR_AVERAGE_POOL), [x], [1, 1, 1, 3], integers: integers) == [1.5, 4, 2.5])
  }

  @Test func batchStatisticsAreBiased() throws {
    let x = TestTensor([2, 1, 1, 2], [1, 3, 5, 7])
    let results = try ReferenceRunner.run(
      Int(DCN_OPERATOR_BATCH_NORMALIZATION), [x, TestTensor([1], [3]), TestTensor([1], [1])],
      outputs: [[2, 1, 1, 2], [1], [1]], integers: ["training_mode": [1]], reals: ["epsilon": 4])
    #expect(results[1]!.values == [4] && results[2]!.values == [5])
    #expect(results[0]!.values == [-2, 0, 2, 4])
  }

  @Test func gemmTransposesAndBroadcasts() throws {
    let a = TestTensor([2, 1], [1, 2])
    let b = TestTensor([3, 2], [1, 10, 2, 20, 3, 30])
    let y = try one(
      Int(DCN_OPERATOR_GEMM), [a, b, TestTensor([1, 1], [5])], [1, 3], integers: ["transA": [1], "transB": [1]],
      reals: ["alpha": 2, "beta": 10])
    #expect(y == [92, 134, 176])
  }

  @Test func resizeOfARamp() throws {
    let x = TestTensor([1, 1, 1, 2], [0, 4])
    let kind = Int(DCN_OPERATOR_RESIZE)
    #expect(try one(kind, [x], [1, 1, 1, 4], integers: ["output_shape": [1, 4], "mode": [1]]) == [0, 1, 3, 4])
    #expect(try one(kind, [x], [1, 1, 1, 3], integers: ["output_shape": [1, 3]]) == [0, 0, 4])
    let reflected = try one(kind, [x], [1, 1, 1, 4], integers: ["output_shape": [1, 4], "mode": [2], "border": [1]])
    #expect(reflected[0] + reflected[3] == 4 && reflected[1] + reflected[2] == 4)
  }

  @Test func lossesOfKnownScores() throws {
    let x = TestTensor([1, 2], [0, 0])
    let loss = try one(Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY), [x, TestTensor([1, 2], [0, 1])], [1])[0]
    #expect(abs(loss - 1.3862943611198906) < 1e-15)
    let scores = TestTensor([1, 2, 1, 2], [0, 900, 0, 0])
    let targets = TestTensor(integers: [1, 255], dims: [1, 1, 2])
    let softmax = try one(Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY), [scores, targets], [1])[0]
    #expect(abs(softmax - 0.6931471805599453) < 1e-15)
    let nobody = TestTensor(integers: [255, 255], dims: [1, 1, 2])
    #expect(try one(Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY), [scores, nobody], [1]) == [0])
  }

  @Test func movementKeepsIntegers() throws {
    let x = TestTensor(integers: [1, 2, 3, 4, 5, 6], dims: [2, 3])
    let type = [0: Int(DCN_ELEMENT_I32)]
    let slice = try ReferenceRunner.run(
      Int(DCN_OPERATOR_SLICE), [x], outputs: [[2, 1]], integers: ["axis": [1], "start": [1], "end": [2]],
      outputTypes: type)
    #expect(slice[0]!.values == [2, 5])
    let gathered = try ReferenceRunner.run(
      Int(DCN_OPERATOR_GATHER), [x, TestTensor(integers: [1, 1, 0])], outputs: [[3, 3]], outputTypes: type)
    #expect(gathered[0]! == x.gathering([1, 1, 0]))
  }

  @Test func sumDropsItsAxes() throws {
    let x = TestTensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try one(Int(DCN_OPERATOR_REDUCE_SUM), [x], [2], integers: ["axes": [2, 0]]) == [14, 22])
    #expect(try one(Int(DCN_OPERATOR_REDUCE_SUM), [x], [1], integers: ["axes": [0, 1, 2]]) == [36])
  }

  @Test func dropoutDependsOnSeedAndPlaceAlone() throws {
    let seed = TestTensor(integers: [7], type: Int(DCN_ELEMENT_I64))
    let ones = TestTensor([1000], [Double](repeating: 1, count: 1000))
    let results = try ReferenceRunner.run(
      Int(DCN_OPERATOR_DROPOUT), [ones, seed], outputs: [[1000], [1000]], reals: ["ratio": 0.25])
    #expect(results[0] == results[1])
    #expect(Set(results[0]!.values) == [0, 1 / 0.75])
    #expect((200..<300).contains(results[0]!.values.filter { $0 == 0 }.count))
    let first = TestTensor([10], [Double](repeating: 1, count: 10))
    let fewer = try ReferenceRunner.run(
      Int(DCN_OPERATOR_DROPOUT), [first, seed], outputs: [[10], [10]], reals: ["ratio": 0.25])
    #expect(fewer[0]!.values == Array(results[0]!.values.prefix(10)))
  }

  @Test func rowsShareImages() throws {
    let rows = [1, 0, 1]
    let map = TestTensor(integers: rows)
    let a = TestTensor.random([3, 2, 2, 2], 1)
    let images = TestTensor.random([2, 2, 2, 2], 2)
    for kind in [DCN_OPERATOR_MUL, DCN_OPERATOR_ADD, DCN_OPERATOR_RELU_GRADIENT].map({ Int($0) }) {
      let shared = try one(kind, [a, images, map], a.dims, gap: 1)
      #expect(try shared == one(kind, [a, images.gathering(rows)], a.dims))
    }
    for kind in [DCN_OPERATOR_SIGMOID_GRADIENT, DCN_OPERATOR_SOFTMAX_GRADIENT].map({ Int($0) }) {
      let shared = try one(kind, [a, images, map], a.dims, integers: ["mapped": [1]], gap: 1)
      #expect(try shared == one(kind, [a, images.gathering(rows)], a.dims))
    }
    let statistics = [TestTensor([2], [2, -1]), TestTensor([2], [0.5, 0.1]), TestTensor([2], [1.5, 0.7])]
    let normalization = Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT)
    let shapes = [a.dims, [2], [2]]
    let shared = try ReferenceRunner.run(
      normalization, [a, images] + statistics + [map], outputs: shapes, integers: ["mapped": [1]], gap: 1)
    let gathered = try ReferenceRunner.run(
      normalization, [a, images.gathering(rows)] + statistics, outputs: shapes)
    #expect(shared == gathered)
    let joined = try one(Int(DCN_OPERATOR_CONCAT), [images, a, map], [3, 4, 2, 2], integers: ["mapped": [1, 0]])
    #expect(try joined == one(Int(DCN_OPERATOR_CONCAT), [images.gathering(rows), a], [3, 4, 2, 2]))
    let switches = TestTensor(integers: (0..<16).map { $0 * 7 % 16 }, dims: [2, 2, 2, 2])
    let integers = ["output_shape": [4, 4]]
    let unpooled = try one(Int(DCN_OPERATOR_MAX_UNPOOL), [a, switches, map], [3, 2, 4, 4], integers: integers)
    let plain = try one(
      Int(DCN_OPERATOR_MAX_UNPOOL), [a, switches.gathering(rows)], [3, 2, 4, 4], integers: integers)
    #expect(unpooled == plain)
  }
}
