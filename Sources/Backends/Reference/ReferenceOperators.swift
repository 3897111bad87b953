// swift-format-ignore-file
// Generated from Include/decoupled/backend.h by DecoupledBackendKit/Operators/generate.py; do not edit.
import DecoupledBackendKit

extension OperatorKind {
  /// The type that computes the operator here.
  var reference: any Operator.Type {
    switch self {
    case .conv: Conv.self
    case .convTranspose: ConvTranspose.self
    case .convWeightGradient: ConvWeightGradient.self
    case .reduceSum: ReduceSum.self
    case .maxPool: MaxPool.self
    case .maxUnpool: MaxUnpool.self
    case .maxUnpoolGradient: MaxUnpoolGradient.self
    case .averagePool: AveragePool.self
    case .averageUnpool: AverageUnpool.self
    case .relu: Relu.self
    case .reluGradient: ReluGradient.self
    case .sigmoid: Sigmoid.self
    case .sigmoidGradient: SigmoidGradient.self
    case .softmax: Softmax.self
    case .softmaxGradient: SoftmaxGradient.self
    case .batchNormalization: BatchNormalization.self
    case .batchNormalizationGradient: BatchNormalizationGradient.self
    case .concat: Concat.self
    case .slice: Slice.self
    case .mul: Mul.self
    case .add: Add.self
    case .gemm: Gemm.self
    case .dropout: Dropout.self
    case .resize: Resize.self
    case .resizeGradient: ResizeGradient.self
    case .sigmoidCrossEntropy: SigmoidCrossEntropy.self
    case .sigmoidCrossEntropyGradient: SigmoidCrossEntropyGradient.self
    case .softmaxCrossEntropy: SoftmaxCrossEntropy.self
    case .softmaxCrossEntropyGradient: SoftmaxCrossEntropyGradient.self
    case .gather: Gather.self
    case .scale: Scale.self
    case .convert: Convert.self
    case .hardSwish: HardSwish.self
    case .hardSwishGradient: HardSwishGradient.self
    }
  }
}
