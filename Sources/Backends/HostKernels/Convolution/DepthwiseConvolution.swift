/// Depthwise Conv and ConvTranspose, each channel a group of its own, with the BatchNormalization (inference form) and Relu
/// that may follow: row by row of the result, to which each kernel cell adds a multiple of a row of x. There is nothing to
/// multiply as matrices.
import CDecoupled
import DecoupledBackendKit

final class DepthwiseConvolution: SwiftKernel {
  private let x: Operand
  private let weights: Operand
  private let epilogue: EpilogueOperands
  private let isTransposed: Bool
  /// From the larger image to the smaller one, which is x where the convolution is transposed.
  private let geometry: ConvolutionGeometry
  /// The columns of the smaller image that each column of the kernel meets.
  private let columns: [Range<Int>]
  let workspaceSize: Int

  /// nil when groups are not single channels.
  init?(ifFits readers: [NodeReader]) throws {
    let node = readers[0]
    let group = try node.group()
    guard group > 1 else { return nil }
    isTransposed = node.node.kind == Int32(DCN_OPERATOR_CONV_TRANSPOSE)
    x = try node.input(0, rank: 4...4)
    weights = try node.input(1, rank: 4...4)
    guard x.shape[1] == group, weights.shape[..<2] == [group, 1] else { return nil }
    let bias = try node.optionalInput(2, rank: 1...1)
    let y = try node.output(0, rank: 4...4)
    try node.require(y.shape[..<2] == x.shape[..<2], "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [group], "the bias does not fit weights \(weights.shape)")
    let (image, result) = (Array(x.shape[2...]), Array(y.shape[2...]))
    geometry = try ConvolutionGeometry(
      node, image: isTransposed ? result : image, kernel: Array(weights.shape[2...]),
      result: isTransposed ? image : result,
      outputPadding: isTransposed ? try node.list("output_padding", count: 2, default: 0) : [0, 0])
    columns = (0..<geometry.kernelWidth).map(geometry.validColumns)
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape)
    workspaceSize = epilogue.workspaceCount * 4
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let weights: Rows<Float> = try call.parameter(self.weights)
    let y: Rows<Float> = try call.output(self.epilogue.output)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let epilogue = try self.epilogue.prepared(call, call.workspace?.assumingMemoryBound(to: Float.self))
    let channels = self.x.shape[1]
    let (inputs, outputs) = (self.x.planeLength, self.epilogue.output.planeLength)
    let width = self.epilogue.output.shape[3]
    let tasks = PlaneTasks(images: x.count, channels: channels, pixels: max(inputs, outputs))
    try call.parallelFor(tasks.count) { index, _ in
      for plane in tasks.planes(index) {
        let (image, channel) = (plane / channels, plane % channels)
        let source = x[image] + channel * inputs
        let target = y[image] + channel * outputs
        for row in 0..<outputs / width {
          let line = target + row * width
          epilogue.start(line, step: width, channels: channel..<channel + 1, count: width)
          add(row, of: source, weights[channel], to: line)
          epilogue.finish(line, channel: channel, count: width, to: line)
        }
      }
    }
  }

  /// Adds to a row of the result what the kernel makes of a plane of x.
  private func add(
    _ row: Int, of source: UnsafePointer<Float>, _ kernel: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let geometry = geometry
    let step = geometry.strideX
    for u in 0..<geometry.kernelHeight {
      guard let place = rowOfInput(row, u) else { continue }
      for v in 0..<geometry.kernelWidth {
        let factor = kernel[u * geometry.kernelWidth + v]
        let range = columns[v]
        let shift = v * geometry.dilationX - geometry.left
        if isTransposed {
          let (from, to) = (source + place * geometry.outWidth, target + shift)
          if step == 1 {
            for i in range { to[i] += factor * from[i] }
          } else {
            for i in range { to[i * step] += factor * from[i] }
          }
        } else {
          let from = source + (place * geometry.width + shift)
          if step == 1 {
            for i in range { target[i] += factor * from[i] }
          } else {
            for i in range { target[i] += factor * from[i * step] }
          }
        }
      }
    }
  }

  /// The row of x that meets row `u` of the kernel in a row of the result, nil for padding and where strides leave gaps.
  @inline(__always) private func rowOfInput(_ row: Int, _ u: Int) -> Int? {
    if isTransposed {
      let shifted = row + geometry.top - u * geometry.dilationY
      guard shifted >= 0, shifted % geometry.strideY == 0, shifted / geometry.strideY < geometry.outHeight else {
        return nil
      }
      return shifted / geometry.strideY
    }
    let place = row * geometry.strideY - geometry.top + u * geometry.dilationY
    return place >= 0 && place < geometry.height ? place : nil
  }
}
