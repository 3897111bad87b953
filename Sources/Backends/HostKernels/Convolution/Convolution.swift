/// Conv, with the BatchNormalization (inference form) and Relu that may follow it.
import CDecoupled
import DecoupledBackendKit

final class Convolution: SwiftKernel {
  private let x: Operand
  private let weights: Operand
  private let method: ConvolutionMethod
  private let epilogue: EpilogueOperands
  let workspaceSize: Int
  let laneWorkspaceSize: Int

  init(_ readers: [NodeReader]) throws {
    let node = readers[0]
    x = try node.input(0, rank: 4...4)
    weights = try node.input(1, rank: 4...4)
    let bias = try node.optionalInput(2, rank: 1...1)
    let y = try node.output(0, rank: 4...4)
    let group = try node.group()
    try node.require(
      x.shape[1] == weights.shape[1] * group && weights.shape[0] % group == 0,
      "\(x.shape[1]) channels meet weights \(weights.shape) in \(group) groups")
    try node.require(y.shape[0] == x.shape[0] && y.shape[1] == weights.shape[0], "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [weights.shape[0]], "the bias does not fit weights \(weights.shape)")
    let geometry = try ConvolutionGeometry(
      node, image: Array(x.shape[2...]), kernel: Array(weights.shape[2...]), result: Array(y.shape[2...]))
    method = ConvolutionMethod(
      geometry, channels: weights.shape[1], outputChannels: y.shape[1] / group, groups: group)
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape)
    workspaceSize = (epilogue.workspaceCount + method.workspaceCount(batch: x.rows)) * 4
    laneWorkspaceSize = method.laneWorkspaceCount * 4
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let weights: Rows<Float> = try call.parameter(self.weights)
    let y: Rows<Float> = try call.output(epilogue.output)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let workspace = call.workspace?.assumingMemoryBound(to: Float.self)
    let prepared = try epilogue.prepared(call, workspace)
    try method.run(
      call, x, weights.base, weights.stride, prepared, y, workspace: workspace.map { $0 + epilogue.workspaceCount })
  }
}
