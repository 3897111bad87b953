/// The operators on NCHW host memory: which chains are fused, and their kernels. Plugins are built from these sources, each
/// with a matrix product of its own (`Product`).
///
/// A kernel's initialiser checks everything it relies on and throws a sentence otherwise, so `supports` is the question
/// whether the kernel can be made.
import CDecoupled
import DecoupledBackendKit

enum HostKernels {
  /// How many leading nodes of the chain run as one kernel.
  static func supports(_ chain: Chain) -> Int {
    guard chain.count > 0 else { return 0 }
    for count in stride(from: FusedChain.length(chain), to: 0, by: -1) {
      if (try? kernel(Chain(rebasing: chain[0..<count]))) != nil { return count }
    }
    return 0
  }

  static func makeKernel(_ chain: Chain) throws -> any SwiftKernel {
    guard let last = chain.last else {
      throw BackendFailure(status: Int32(DCN_STATUS_INVALID_ARGUMENT), "a kernel needs at least one operator")
    }
    guard chain.count <= FusedChain.length(chain) else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_UNSUPPORTED),
        "the \(chain.count) operators from layer \(chain[0].layerName) on do not run as one kernel")
    }
    if last.outputOperands.contains(where: { $0.isInternal }) {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "layer \(last.layerName): the last output of a kernel cannot be internal")
    }
    return try kernel(chain)
  }

  private static func kernel(_ chain: Chain) throws -> any SwiftKernel {
    let readers = NodeReader.readers(of: chain)
    let node = readers[0]
    switch Int(chain[0].kind) {
    case Int(DCN_OPERATOR_CONV), Int(DCN_OPERATOR_CONV_TRANSPOSE):
      if let depthwise = try DepthwiseConvolution(ifFits: readers) { return depthwise }
      return node.node.kind == Int32(DCN_OPERATOR_CONV)
        ? try Convolution(readers) : try TransposedConvolution.kernel(readers)
    case Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT):
      return try DepthwiseWeightGradient(ifFits: node) ?? ConvolutionWeightGradient(node)
    case Int(DCN_OPERATOR_REDUCE_SUM): return try Reduction(node)
    case Int(DCN_OPERATOR_MAX_POOL): return try MaximumPooling(node)
    case Int(DCN_OPERATOR_MAX_UNPOOL): return try MaximumUnpooling(node)
    case Int(DCN_OPERATOR_MAX_UNPOOL_GRADIENT): return try MaximumUnpoolingGradient(node)
    case Int(DCN_OPERATOR_AVERAGE_POOL): return try AveragePooling(node)
    case Int(DCN_OPERATOR_AVERAGE_UNPOOL): return try AverageUnpooling(node)
    case Int(DCN_OPERATOR_SOFTMAX): return try Softmax(node)
    case Int(DCN_OPERATOR_SOFTMAX_GRADIENT): return try SoftmaxGradient(node)
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION): return try BatchNormalization(readers)
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT): return try BatchNormalizationGradient(node)
    case Int(DCN_OPERATOR_CONCAT): return try Concatenation(node)
    case Int(DCN_OPERATOR_SLICE): return try Slice(node)
    case Int(DCN_OPERATOR_MUL): return try BroadcastKernel<MultiplyLoop>.kernel(node)
    case Int(DCN_OPERATOR_ADD): return try BroadcastKernel<AddLoop>.kernel(node)
    case Int(DCN_OPERATOR_GEMM): return try MatrixProduct(node)
    case Int(DCN_OPERATOR_DROPOUT): return try Dropout(node)
    case Int(DCN_OPERATOR_RESIZE): return try Resize(node)
    case Int(DCN_OPERATOR_RESIZE_GRADIENT): return try ResizeGradient(node)
    case Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY): return try SigmoidCrossEntropy(node)
    case Int(DCN_OPERATOR_SIGMOID_CROSS_ENTROPY_GRADIENT): return try SigmoidCrossEntropyGradient(node)
    case Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY): return try SoftmaxCrossEntropy(node)
    case Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY_GRADIENT): return try SoftmaxCrossEntropyGradient(node)
    case Int(DCN_OPERATOR_GATHER): return try Gather(node)
    default:
      guard let made = try elementwise(node) else {
        throw node.refusal("operator kind \(chain[0].kind) is not known")
      }
      return made
    }
  }
}
