/// The kernels with an operand in NHWC, and those of layers with large weights: which chains are fused, and how each is
/// made.
///
/// A kernel's initialiser checks everything it relies on and throws a sentence otherwise, so `supports` is the question
/// whether the kernel can be made.
import CDecoupled
import DecoupledBackendKit

enum ChannelsLastKernels {
  /// How many leading nodes of the chain run as one of these kernels.
  static func supports(_ chain: Chain) -> Int {
    guard chain.count > 0 else { return 0 }
    for count in stride(from: longestFusion(chain), to: 0, by: -1) {
      if (try? kernel(Chain(rebasing: chain[0..<count]))) != nil { return count }
    }
    return 0
  }

  /// The kernel, or nil when the chain is left to the kernels that all plugins share.
  static func makeKernel(_ chain: Chain) throws -> (any SwiftKernel)? {
    guard let first = chain.first else { return nil }
    if chain[chain.count - 1].outputOperands.contains(where: { $0.isInternal }) {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "layer \(first.layerName): the last output of a kernel cannot be internal")
    }
    return try kernel(chain)
  }

  private static func hasChannelsLast(_ node: dcn_node) -> Bool {
    func isChannelsLast(_ operand: dcn_operand) -> Bool {
      !operand.isAbsent && Int(operand.tensor.layout) == Int(DCN_LAYOUT_NHWC)
    }
    return node.inputOperands.contains(where: isChannelsLast) || node.outputOperands.contains(where: isChannelsLast)
  }

  private static func longestFusion(_ chain: Chain) -> Int { HostKernels.longestFusion(chain) }

  private static func kernel(_ chain: Chain) throws -> (any SwiftKernel)? {
    let readers = NodeReader.readers(of: chain)
    if let kernel = try ChannelsLast.makeKernel(chain, readers) { return kernel }
    guard hasChannelsLast(chain[0]) else { return nil }
    switch Int(chain[0].kind) {
    case Int(DCN_OPERATOR_CONV), Int(DCN_OPERATOR_CONV_TRANSPOSE):
      return try ChannelsLastConvolution.kernel(readers)
    case Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT):
      return try ChannelsLastWeightGradient.kernel(readers[0])
    default: return nil
    }
  }
}
