public import CDecoupled
import DecoupledBackendKit

/// The `reference` backend: every operator of `backend.h` as plain scalar code, one file a family, sums in Double.
///
/// It is the executable specification of the operators: other backends are compared with it, and it runs whatever they
/// decline. Elements are float32 or float64. One node makes one kernel, and nothing is fused.
public enum ReferenceBackend {
  /// The backend's functions.
  public static let table = BackendTable.make(
    name: "reference", variant: "scalar", version: "0.1.0", score: { 1 },
    create: { device, backend, message, capacity in
      if let failure = PluginChecks.opening("reference", device: device) {
        return failure.report(to: message, capacity)
      }
      return BackendTable.open(Backend(), into: backend)
    })
}

private final class Backend: SwiftBackend {
  func supports(_ chain: Chain) -> Int {
    guard let node = chain.first, let type = operatorType(node.kind), Attributes.areKnown(node, type.attributes) else {
      return 0
    }
    let operands = Array(node.inputOperands) + Array(node.outputOperands)
    guard let first = operands.first, type.elementTypes.contains(first.tensor.element_type) else { return 0 }
    let halves = [Int32(DCN_ELEMENT_F16), Int32(DCN_ELEMENT_BF16)]
    guard !operands.contains(where: { !$0.isAbsent && halves.contains($0.tensor.element_type) }) else { return 0 }
    let known = operands.allSatisfy { $0.isAbsent || type.layouts.contains($0.tensor.layout) }
    return known && (try? planned(node, as: type)) != nil ? 1 : 0
  }

  func makeKernel(_ chain: Chain) throws -> any SwiftKernel {
    guard chain.count == 1, let node = chain.first else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED),
        "the reference backend makes one kernel of one node, not of \(chain.count)")
    }
    guard let type = operatorType(node.kind), Attributes.areKnown(node, type.attributes) else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED),
        "layer \(node.layerName): the reference backend does not know operator kind \(node.kind) with these attributes")
    }
    return try planned(node, as: type)
  }

  /// - Throws: `BackendFailure` when attributes or shapes do not belong together.
  private func planned(_ node: dcn_node, as type: any Operator.Type) throws -> Kernel {
    let computation = try type.init(Attributes(node))
    let operands = Operands(planned: node)
    try operands.checkOperands(of: type)
    try computation.check(operands)
    return Kernel(computation, operands)
  }
}

/// A node's operator with its attributes. Shapes are checked again at each run, for the batch may differ.
private final class Kernel: SwiftKernel {
  private let computation: any Operator
  private let planned: Operands

  init(_ computation: any Operator, _ planned: Operands) {
    self.computation = computation
    self.planned = planned
  }

  func run(_ call: KernelCall) throws {
    let operands = try planned.bound(to: call)
    try operands.checkOperands(of: type(of: computation))
    try computation.check(operands)
    try computation.run(operands)
  }
}

private func operatorType(_ kind: Int32) -> (any Operator.Type)? {
  switch Int(kind) {
  case Int(DCN_OPERATOR_CONV): Convolution.self
  case Int(DCN_OPERATOR_CONV_TRANSPOSE): TransposedConvolution.self
  case Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT): ConvolutionWeightGradient.self
  case Int(DCN_OPERATOR_REDUCE_SUM): ReduceSum.self
  case Int(DCN_OPERATOR_MAX_POOL): MaxPool.self
  case Int(DCN_OPERATOR_MAX_UNPOOL): MaxUnpool.self
  case Int(DCN_OPERATOR_MAX_UNPOOL_GRADIENT): MaxUnpoolGradient.self
  case Int(DCN_OPERATOR_AVERAGE_POOL): AveragePool.self
  case Int(DCN_OPERATOR_AVERAGE_UNPOOL): AverageUnpool.self
  case Int(DCN_OPERATOR_RELU): Relu.self
  case Int(DCN_OPERATOR_RELU_GRADIENT): ReluGradient.self
  case Int(DCN_OPERATOR_SIGMOID): Sigmoid.self
  case Int(DCN_OPERATOR_SIGMOID_GRADIENT): SigmoidGradient.self
  case Int(DCN_OPERATOR_SOFTMAX): Softmax.self
  case Int(DCN_OPERATOR_SOFTMAX_GRADIENT): SoftmaxGradient.self
  case Int(DCN_OPERATOR_BATCH_NORMALIZATION): BatchNormalization.self
  case Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT): BatchNormalizationGradient.self
  case Int(DCN_OPERATOR_CONCAT): Concat.self
  case Int(DCN_OPERATOR_SLICE): Slice.self
  case Int(DCN_OPERATOR_MUL): Mul.self
  case Int(DCN_OPERATOR_ADD): Add.self
  case Int(DCN_OPERATOR_GEMM): Gemm.self
  case Int(DCN_OPERATOR_DROPOUT): Dropout.self
  case Int(DCN_OPERATOR_RESIZE): Resize.self
  case Int(DCN_OPERATOR_RESIZE_GRADIENT): ResizeGradient.self
  case Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY): SigmoidCrossEntropy.self
  case Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY_GRADIENT): SigmoidCrossEntropyGradient.self
  case Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY): SoftmaxCrossEntropy.self
  case Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY_GRADIENT): SoftmaxCrossEntropyGradient.self
  case Int(DCN_OPERATOR_GATHER): Gather.self
  case Int(DCN_OPERATOR_SCALE): Scale.self
  case Int(DCN_OPERATOR_CONVERT): Convert.self
  default: nil
  }
}
