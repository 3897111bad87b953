// swift-format-ignore-file
// Generated from Include/decoupled/backend.h by DecoupledBackendKit/Operators/generate.py; do not edit.
import DecoupledBackendKit

extension OperatorKind {
  /// What the tool knows of the operator.
  var entry: any OperatorEntry {
    switch self {
    case .conv: ConvEntry()
    case .convTranspose: ConvTransposeEntry()
    case .convWeightGradient: ConvWeightGradientEntry()
    case .reduceSum: ReduceSumEntry()
    case .maxPool: MaxPoolEntry()
    case .maxUnpool: MaxUnpoolEntry()
    case .maxUnpoolGradient: MaxUnpoolGradientEntry()
    case .averagePool: AveragePoolEntry()
    case .averageUnpool: AverageUnpoolEntry()
    case .relu: ReluEntry()
    case .reluGradient: ReluGradientEntry()
    case .sigmoid: SigmoidEntry()
    case .sigmoidGradient: SigmoidGradientEntry()
    case .softmax: SoftmaxEntry()
    case .softmaxGradient: SoftmaxGradientEntry()
    case .batchNormalization: BatchNormalizationEntry()
    case .batchNormalizationGradient: BatchNormalizationGradientEntry()
    case .concat: ConcatEntry()
    case .slice: SliceEntry()
    case .mul: MulEntry()
    case .add: AddEntry()
    case .gemm: GemmEntry()
    case .dropout: DropoutEntry()
    case .resize: ResizeEntry()
    case .resizeGradient: ResizeGradientEntry()
    case .sigmoidCrossEntropy: SigmoidCrossEntropyEntry()
    case .sigmoidCrossEntropyGradient: SigmoidCrossEntropyGradientEntry()
    case .softmaxCrossEntropy: SoftmaxCrossEntropyEntry()
    case .softmaxCrossEntropyGradient: SoftmaxCrossEntropyGradientEntry()
    case .gather: GatherEntry()
    case .scale: ScaleEntry()
    case .convert: ConvertEntry()
    case .hardSwish: HardSwishEntry()
    case .hardSwishGradient: HardSwishGradientEntry()
    }
  }
}
