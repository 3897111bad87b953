/// Convolutions in groups with a channels-last operand: those of single channels have kernels of their own, others are left
/// to NCHW.
import CDecoupled
import DecoupledBackendKit

enum ChannelsLastDepthwise {
  static func kernel(_ readers: [NodeReader]) throws -> any SwiftKernel {
    readers[0].node.kind == Int32(DCN_OPERATOR_CONV_WEIGHT_GRADIENT)
      ? try ChannelsLastDepthwiseWeightGradient(readers[0]) : try ChannelsLastDepthwiseConvolution(readers)
  }
}

extension ConvolutionGeometry {
  /// Output columns that meet every column of the kernel within the image.
  var interiorColumns: Range<Int> {
    let valid = (0..<kernelWidth).map(validColumns)
    guard let first = valid.map(\.lowerBound).max(), let end = valid.map(\.upperBound).min(), first < end else {
      return 0..<0
    }
    return first..<end
  }
}
