/// The kernels of this plugin beyond the shared ones: those with an operand in NHWC, and those for large weights.
///
/// A kernel's initialiser checks everything it relies on and throws a sentence otherwise, so `supports` is the question
/// whether the kernel can be made.
import CDecoupled
import DecoupledBackendKit

enum ChannelsLastKernels {
  /// How many leading nodes of the chain run as one of these kernels.
  static func supports(_ chain: Chain) -> Int {
    guard chain.count > 0 else { return 0 }
    let longest = NormalizationReluGradient.length
    if NormalizationReluGradient.leads(chain), (try? kernel(Chain(rebasing: chain[0..<longest]))) != nil {
      return longest
    }
    for count in stride(from: longestFusion(chain), to: 0, by: -1) {
      if (try? kernel(Chain(rebasing: chain[0..<count]))) != nil { return count }
    }
    return 0
  }

  /// The kernel, or nil when the chain is left to the shared kernels.
  static func makeKernel(_ chain: Chain) throws -> (any SwiftKernel)? {
    guard let first = chain.first, let last = chain.last,
      chain.count <= longestFusion(chain)
        || chain.count == NormalizationReluGradient.length && NormalizationReluGradient.leads(chain)
    else { return nil }
    if last.outputOperands.contains(where: { $0.isInternal }) {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "layer \(first.layerName): the last output of a kernel cannot be internal")
    }
    return try kernel(chain)
  }

  /// The patterns of the shared kernels, a convolution behind a MaxUnpool that nobody else reads, and one in front of a
  /// MaxPool that alone reads it.
  private static func longestFusion(_ chain: Chain) -> Int {
    let convolutions = [Int(DCN_OPERATOR_CONV), Int(DCN_OPERATOR_CONV_TRANSPOSE)]
    if isUnpooling(chain), convolutions.contains(Int(chain[1].kind)), FusedChain.continues(chain, 1) {
      return 1 + FusedChain.length(Chain(rebasing: chain[1...]))
    }
    let count = FusedChain.length(chain)
    let isPooled =
      convolutions.contains(Int(chain[0].kind)) && count < chain.count
      && Int(chain[count].kind) == Int(DCN_OPERATOR_MAX_POOL) && FusedChain.continues(chain, count)
    return isPooled ? count + 1 : count
  }

  private static func isUnpooling(_ chain: Chain) -> Bool {
    chain.count > 1 && Int(chain[0].kind) == Int(DCN_OPERATOR_MAX_UNPOOL)
  }

  private static func isPooling(_ chain: Chain) -> Bool {
    chain.count > 1 && Int(chain[chain.count - 1].kind) == Int(DCN_OPERATOR_MAX_POOL)
  }

  private static func kernel(_ chain: Chain) throws -> (any SwiftKernel)? {
    let readers = NodeReader.readers(of: chain)
    if isUnpooling(chain) { return try ChannelsLastConvolution.kernelWithUnpooling(readers) }
    if isPooling(chain) { return try ChannelsLastConvolution.kernelWithPooling(readers) }
    if try readers[0].group() > 1 {
      return chain.contains { $0.touchesChannelsLast } ? try ChannelsLastDepthwise.kernel(readers) : nil
    }
    if let made = try ChannelsLast.makeKernel(chain, readers) { return made }
    guard chain.contains(where: { $0.touchesChannelsLast }) else { return nil }
    switch Int(chain[0].kind) {
    case Int(DCN_OPERATOR_CONV), Int(DCN_OPERATOR_CONV_TRANSPOSE): return try ChannelsLastConvolution.kernel(readers)
    case Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT): return try ChannelsLastWeightGradient.kernel(readers[0])
    default: return nil
    }
  }
}
