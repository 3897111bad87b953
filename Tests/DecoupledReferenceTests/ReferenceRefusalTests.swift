import CDecoupled
import Testing

/// What does not fit is refused with a sentence that names the layer.
struct ReferenceRefusalTests {
  private func refusal(
    _ kind: Int, _ inputs: [TestTensor?], _ shape: [Int], integers: [String: [Int]] = [:], reals: [String: Double] = [:]
  ) -> String? {
    do {
      _ = try ReferenceRunner.run(kind, inputs, outputs: [shape], integers: integers, reals: reals)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func unknown(_ kind: Int) -> String {
    "layer layer1: the reference backend does not know operator kind \(kind) with these attributes"
  }

  @Test func shapes() {
    let x = TestTensor.random([1, 3, 4, 4], 1)
    let kind = Int(DCN_OPERATOR_CONV)
    #expect(
      refusal(kind, [x, .random([2, 4, 3, 3], 2)], [1, 2, 2, 2]) == "layer layer1: w takes 4 channels, but x has 3")
    #expect(
      refusal(kind, [x, .random([2, 3, 3, 3], 2)], [1, 2, 2, 3])
        == "layer layer1: y has shape [1, 2, 2, 3], not [1, 2, 2, 2]")
    #expect(refusal(kind, [x, nil], [1, 2, 2, 2]) == "layer layer1: w is missing")
    #expect(
      refusal(Int(DCN_OPERATOR_ADD), [x, .random([1, 3, 4, 3], 3)], x.dims)
        == "layer layer1: b has shape [1, 3, 4, 3], not [1, 3, 4, 4]")
  }

  @Test func attributes() {
    let x = TestTensor.random([1, 3, 4, 4], 1)
    let w = TestTensor.random([2, 3, 3, 3], 2)
    let kind = Int(DCN_OPERATOR_CONV)
    #expect(refusal(kind, [x, w], [1, 2, 2, 2], integers: ["groups": [1]]) == unknown(kind))
    #expect(
      refusal(kind, [x, w], [1, 2, 2, 2], integers: ["group": [2]])
        == "layer layer1: w takes 6 channels, but x has 3")
    #expect(
      refusal(kind, [x, .random([2, 1, 3, 3], 2)], [1, 2, 2, 2], integers: ["group": [3]])
        == "layer layer1: w has 2 rows, which do not divide into group = 3")
    #expect(
      refusal(Int(DCN_OPERATOR_MUL), [x, .random([1, 3, 1, 1], 3)], x.dims)
        == "layer layer1: b has shape [1, 3, 1, 1], not [1, 3, 4, 4]")
    #expect(
      refusal(Int(DCN_OPERATOR_SIGMOID_GRADIENT), [x, x, TestTensor(integers: [0])], x.dims)
        == "layer layer1: row_to_image is given, yet mapped is 0")
    #expect(
      refusal(Int(DCN_OPERATOR_SOFTMAX_GRADIENT), [x, x], x.dims, integers: ["mapped": [1]])
        == "layer layer1: row_to_image is missing")
    #expect(
      refusal(kind, [x, w], [1, 2, 2, 2], integers: ["pads": [0]])
        == "layer layer1: attribute pads has 1 values, not 4")
    #expect(refusal(Int(DCN_OPERATOR_SCALE), [x], x.dims) == "layer layer1: attribute factor is missing")
    #expect(refusal(4711, [x], x.dims) == unknown(4711))
  }

  @Test(arguments: [-1, 4, Int(Int32.max), Int(Int32.min)]) func placesOutsideThePlane(place: Int) {
    let x = TestTensor([1, 1, 1, 1], [1])
    let indices = TestTensor(integers: [place], dims: [1, 1, 1, 1])
    let sentence = "layer layer1: index \(place) lies outside its plane of 2x2"
    #expect(
      refusal(Int(DCN_OPERATOR_MAX_UNPOOL), [x, indices], [1, 1, 2, 2], integers: ["output_shape": [2, 2]]) == sentence)
    #expect(
      refusal(Int(DCN_OPERATOR_MAX_UNPOOL_GRADIENT), [.random([1, 1, 2, 2], 1), indices], [1, 1, 1, 1]) == sentence)
  }

  @Test func targetsAndRows() {
    let targets = TestTensor(integers: [3], dims: [1, 1, 1])
    #expect(
      refusal(Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY), [.random([1, 3, 1, 1], 1), targets], [1])
        == "layer layer1: target 3 is none of the classes 0 to 2")
    #expect(
      refusal(Int(DCN_OPERATOR_GATHER), [.random([2, 2], 1), TestTensor(integers: [0, 2])], [2, 2])
        == "layer layer1: a row asks for image 2, but there are 2")
  }
}
