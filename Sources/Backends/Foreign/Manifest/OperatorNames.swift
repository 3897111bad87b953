import CDecoupled

/// The operators by the names that backend.h gives them, written as ONNX does.
enum OperatorNames {
  private static let kinds: [String: Int] = [
    "Conv": Int(DCN_OPERATOR_CONV), "ConvTranspose": Int(DCN_OPERATOR_CONV_TRANSPOSE),
    "ConvWeightGradient": Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT), "ReduceSum": Int(DCN_OPERATOR_REDUCE_SUM),
    "MaxPool": Int(DCN_OPERATOR_MAX_POOL), "MaxUnpool": Int(DCN_OPERATOR_MAX_UNPOOL),
    "MaxUnpoolGradient": Int(DCN_OPERATOR_MAX_UNPOOL_GRADIENT), "AveragePool": Int(DCN_OPERATOR_AVERAGE_POOL),
    "AverageUnpool": Int(DCN_OPERATOR_AVERAGE_UNPOOL), "Relu": Int(DCN_OPERATOR_RELU),
    "ReluGradient": Int(DCN_OPERATOR_RELU_GRADIENT), "Sigmoid": Int(DCN_OPERATOR_SIGMOID),
    "SigmoidGradient": Int(DCN_OPERATOR_SIGMOID_GRADIENT), "Softmax": Int(DCN_OPERATOR_SOFTMAX),
    "SoftmaxGradient": Int(DCN_OPERATOR_SOFTMAX_GRADIENT), "BatchNormalization": Int(DCN_OPERATOR_BATCH_NORMALIZATION),
    "BatchNormalizationGradient": Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT), "Concat": Int(DCN_OPERATOR_CONCAT),
    "Slice": Int(DCN_OPERATOR_SLICE), "Mul": Int(DCN_OPERATOR_MUL), "Add": Int(DCN_OPERATOR_ADD),
    "Gemm": Int(DCN_OPERATOR_GEMM), "Dropout": Int(DCN_OPERATOR_DROPOUT), "Resize": Int(DCN_OPERATOR_RESIZE),
    "ResizeGradient": Int(DCN_OPERATOR_RESIZE_GRADIENT),
    "SigmoidCrossEntropy": Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY),
    "SigmoidCrossEntropyGradient": Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY_GRADIENT),
    "SoftmaxCrossEntropy": Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY),
    "SoftmaxCrossEntropyGradient": Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY_GRADIENT),
    "Gather": Int(DCN_OPERATOR_GATHER), "Scale": Int(DCN_OPERATOR_SCALE),
  ]

  static func kind(_ name: String) -> Int32? { kinds[name].map { Int32($0) } }
}
