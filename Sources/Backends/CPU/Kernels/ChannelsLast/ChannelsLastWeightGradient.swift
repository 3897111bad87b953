/// ConvWeightGradient with channels that come last: what the kernels share, and which of them a shape gets.
import CDecoupled
import DecoupledBackendKit

enum ChannelsLastWeightGradient {
  static func kernel(_ node: NodeReader) throws -> any SwiftKernel {
    let parts = try WeightGradientParts(node)
    let geometry = parts.geometry
    let isWinograd =
      geometry.kernelHeight == 3 && geometry.kernelWidth == 3 && geometry.strideY == 1 && geometry.strideX == 1
      && geometry.dilationY == 1 && geometry.dilationX == 1 && parts.isChannelsLast(parts.x)
      && parts.isChannelsLast(parts.dy) && min(parts.inputChannels, parts.outputChannels) >= 16
    return isWinograd && !ChannelsLastConvolution.isPrecise
      ? WinogradWeightGradient(parts) : PatchWeightGradient(parts)
  }
}

/// What the kernels read from the node.
struct WeightGradientParts {
  let x: Operand
  let dy: Operand
  let dw: Operand
  let geometry: ConvolutionGeometry
  var inputChannels: Int { x.shape[1] }
  var outputChannels: Int { dy.shape[1] }

  init(_ node: NodeReader) throws {
    x = try node.input(0, rank: 4...4, layout: node.layout(ofInput: 0))
    dy = try node.input(1, rank: 4...4, layout: node.layout(ofInput: 1))
    dw = try node.output(0, rank: 4...4)
    let kernel = try node.requiredList("kernel_shape", count: 2)
    try node.require(dw.shape == [dy.shape[1], x.shape[1]] + kernel, "the gradient has shape \(dw.shape)")
    try node.require(x.shape[0] == dy.shape[0], "batches of \(x.shape[0]) and \(dy.shape[0]) images")
    geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: kernel, result: Array(dy.shape[2...]))
  }

  func isChannelsLast(_ operand: Operand) -> Bool { Int(operand.layout) == Int(DCN_LAYOUT_NHWC) }
}
