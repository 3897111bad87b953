// swift-format-ignore-file
// Generated from Include/decoupled/backend.h by DecoupledBackendKit/Operators/generate.py; do not edit.
import CDecoupled

/// The operators of `backend.h` by their numbers there.
public enum OperatorKind: Int32, CaseIterable, Sendable {
  case conv = 1
  case convTranspose = 2
  case convWeightGradient = 3
  case reduceSum = 4
  case maxPool = 5
  case maxUnpool = 6
  case maxUnpoolGradient = 7
  case averagePool = 8
  case averageUnpool = 9
  case relu = 10
  case reluGradient = 11
  case sigmoid = 12
  case sigmoidGradient = 13
  case softmax = 14
  case softmaxGradient = 15
  case batchNormalization = 16
  case batchNormalizationGradient = 17
  case concat = 18
  case slice = 19
  case mul = 20
  case add = 21
  case gemm = 22
  case dropout = 23
  case resize = 24
  case resizeGradient = 25
  case sigmoidCrossEntropy = 26
  case sigmoidCrossEntropyGradient = 27
  case softmaxCrossEntropy = 28
  case softmaxCrossEntropyGradient = 29
  case gather = 30
  case scale = 31
  case convert = 32
  case hardSwish = 33
  case hardSwishGradient = 34
}

extension OperatorSignature {
  /// By number, from 1 on.
  static let all: [OperatorSignature] = [
    .init("Conv", inputs: [.init("x", [.batched]), .init("w", [.weight]), .init("b", [.optional, .parameter])], outputs: [.init("y", [.batched])], attributes: [.init("strides", .integers([1, 1])), .init("pads", .integers([0, 0, 0, 0])), .init("dilations", .integers([1, 1])), .init("group", .integers([1]))], precision: .product),
    .init("ConvTranspose", inputs: [.init("x", [.batched]), .init("w", [.weight]), .init("b", [.optional, .parameter])], outputs: [.init("y", [.batched])], attributes: [.init("strides", .integers([1, 1])), .init("pads", .integers([0, 0, 0, 0])), .init("dilations", .integers([1, 1])), .init("output_padding", .integers([0, 0])), .init("group", .integers([1]))], precision: .product),
    .init("ConvWeightGradient", inputs: [.init("x", [.batched]), .init("dy", [.batched])], outputs: [.init("dw", [])], attributes: [.init("kernel_shape", .integers(nil), isRequired: true), .init("strides", .integers([1, 1])), .init("pads", .integers([0, 0, 0, 0])), .init("dilations", .integers([1, 1])), .init("group", .integers([1]))], precision: .product),
    .init("ReduceSum", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("axes", .integers(nil), isRequired: true)], precision: .summed),
    .init("MaxPool", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched]), .init("indices", [.batched, .optional], Int32(DCN_ELEMENT_I32))], attributes: [.init("kernel_shape", .integers(nil), isRequired: true), .init("strides", .integers([1, 1])), .init("pads", .integers([0, 0, 0, 0])), .init("ceil_mode", .integers([0]))], precision: .exact),
    .init("MaxUnpool", inputs: [.init("x", [.batched]), .init("indices", [.batched, .perImage], Int32(DCN_ELEMENT_I32)), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("y", [.batched])], attributes: [.init("output_shape", .integers(nil), isRequired: true), .init("accumulate", .integers([0]))], precision: .exact, (.computed, "accumulate")),
    .init("MaxUnpoolGradient", inputs: [.init("dy", [.batched]), .init("indices", [.batched, .perImage], Int32(DCN_ELEMENT_I32)), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched])], attributes: [], precision: .exact),
    .init("AveragePool", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("kernel_shape", .integers(nil), isRequired: true), .init("strides", .integers([1, 1])), .init("pads", .integers([0, 0, 0, 0])), .init("count_include_pad", .integers([0]))], precision: .computed),
    .init("AverageUnpool", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("output_shape", .integers(nil), isRequired: true), .init("kernel_shape", .integers(nil), isRequired: true), .init("strides", .integers([1, 1])), .init("pads", .integers([0, 0, 0, 0])), .init("count_include_pad", .integers([0]))], precision: .computed),
    .init("Relu", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [], precision: .exact),
    .init("ReluGradient", inputs: [.init("dy", [.batched]), .init("y", [.batched, .perImage]), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched])], attributes: [], precision: .exact),
    .init("Sigmoid", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [], precision: .computed),
    .init("SigmoidGradient", inputs: [.init("dy", [.batched]), .init("y", [.batched, .perImage]), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched])], attributes: [.init("mapped", .integers([0]))], precision: .computed),
    .init("Softmax", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("axis", .integers([1]))], precision: .computed),
    .init("SoftmaxGradient", inputs: [.init("dy", [.batched]), .init("y", [.batched, .perImage]), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched])], attributes: [.init("axis", .integers([1])), .init("mapped", .integers([0]))], precision: .computed),
    .init("BatchNormalization", inputs: [.init("x", [.batched]), .init("scale", [.parameter]), .init("shift", [.parameter]), .init("mean", [.optional, .parameter]), .init("variance", [.optional, .parameter])], outputs: [.init("y", [.batched]), .init("batch_mean", []), .init("batch_variance", [])], attributes: [.init("epsilon", .reals([1e-5])), .init("training_mode", .integers([0]))], precision: .averaged),
    .init("BatchNormalizationGradient", inputs: [.init("dy", [.batched]), .init("x", [.batched, .perImage]), .init("scale", [.parameter]), .init("mean", []), .init("variance", []), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched, .optional]), .init("dscale", [.optional]), .init("dshift", [.optional])], attributes: [.init("epsilon", .reals([1e-5])), .init("training_mode", .integers([0])), .init("mapped", .integers([0]))], precision: .summed),
    .init("Concat", inputs: [.init("x", [.batched, .repeated])], outputs: [.init("y", [.batched])], attributes: [.init("axis", .integers([1])), .init("mapped", .integers(nil))], precision: .exact),
    .init("Slice", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("axis", .integers(nil), isRequired: true), .init("start", .integers(nil), isRequired: true), .init("end", .integers(nil), isRequired: true)], precision: .exact),
    .init("Mul", inputs: [.init("a", [.batched]), .init("b", [.batched, .perImage]), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("y", [.batched])], attributes: [.init("broadcast", .integers([0]))], precision: .rounded),
    .init("Add", inputs: [.init("a", [.batched]), .init("b", [.batched, .perImage]), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("y", [.batched])], attributes: [.init("broadcast", .integers([0]))], precision: .rounded),
    .init("Gemm", inputs: [.init("A", [.batched]), .init("B", [.weight]), .init("C", [.batched, .optional, .parameter])], outputs: [.init("y", [.batched])], attributes: [.init("transA", .integers([0])), .init("transB", .integers([0])), .init("alpha", .reals([1.0])), .init("beta", .reals([1.0]))], precision: .product),
    .init("Dropout", inputs: [.init("x", [.batched]), .init("seed", [], Int32(DCN_ELEMENT_I64))], outputs: [.init("y", [.batched]), .init("mask", [.batched])], attributes: [.init("ratio", .reals([0.5]))], precision: .rounded),
    .init("Resize", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("output_shape", .integers(nil), isRequired: true), .init("mode", .integers([0])), .init("cubic_coefficient", .reals([-0.5])), .init("antialias", .integers([0])), .init("border", .integers([0]))], precision: .computed),
    .init("ResizeGradient", inputs: [.init("dy", [.batched])], outputs: [.init("dx", [.batched])], attributes: [.init("output_shape", .integers(nil), isRequired: true), .init("mode", .integers([0])), .init("cubic_coefficient", .reals([-0.5])), .init("antialias", .integers([0])), .init("border", .integers([0]))], precision: .computed),
    .init("SigmoidCrossEntropy", inputs: [.init("x", [.batched]), .init("t", [.batched])], outputs: [.init("loss", [])], attributes: [], precision: .averaged),
    .init("SigmoidCrossEntropyGradient", inputs: [.init("dloss", []), .init("x", [.batched]), .init("t", [.batched])], outputs: [.init("dx", [.batched])], attributes: [], precision: .computed),
    .init("SoftmaxCrossEntropy", inputs: [.init("x", [.batched]), .init("t", [.batched], Int32(DCN_ELEMENT_I32))], outputs: [.init("loss", [])], attributes: [.init("ignore_index", .integers([255]))], precision: .averaged),
    .init("SoftmaxCrossEntropyGradient", inputs: [.init("dloss", []), .init("x", [.batched]), .init("t", [.batched], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched])], attributes: [.init("ignore_index", .integers([255]))], precision: .computed),
    .init("Gather", inputs: [.init("x", []), .init("indices", [.batched], Int32(DCN_ELEMENT_I32))], outputs: [.init("y", [.batched])], attributes: [], precision: .exact),
    .init("Scale", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [.init("factor", .reals(nil), isRequired: true)], precision: .rounded),
    .init("Convert", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [], precision: .exact),
    .init("HardSwish", inputs: [.init("x", [.batched])], outputs: [.init("y", [.batched])], attributes: [], precision: .computed),
    .init("HardSwishGradient", inputs: [.init("dy", [.batched]), .init("x", [.batched, .perImage]), .init("row_to_image", [.batched, .optional], Int32(DCN_ELEMENT_I32))], outputs: [.init("dx", [.batched])], attributes: [], precision: .computed),
  ]
}
