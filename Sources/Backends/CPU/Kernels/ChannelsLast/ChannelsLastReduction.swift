/// ReduceSum of channels-last images over their pixels, with or without the batch: the gradients of biases, and global
/// sums.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastReduction: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let sumsRows: Bool
  private let sums: ChannelSums
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    x = try node.image(0)
    y = try node.output(0, rank: 1...2)
    guard let axes = node.node.integers("axes") else { throw node.refusal("attribute axes is missing") }
    let reduced = Set(axes.map { $0 < 0 ? $0 + 4 : $0 })
    sumsRows = reduced == [0, 2, 3]
    try node.require(sumsRows || reduced == [2, 3], "axes \(axes) are not summed in channels-last layout")
    try node.require(
      y.shape == (sumsRows ? [x.shape[1]] : Array(x.shape[0...1])), "the result has shape \(y.shape)")
    sums = ChannelSums(channels: x.shape[1], pixels: x.planeLength)
    workspaceSize = (sums.workspaceCount(images: x.rows) + sums.channels) * MemoryLayout<Double>.size
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(sumsRows ? self.y.rows : x.count, y.count, layer: self.x.layer)
    guard let total = call.workspace?.assumingMemoryBound(to: Double.self) else { return }
    let partials = total + sums.channels
    try sums.sum(call, x, partials: partials)
    let tasks = sums.tasks(x.count)
    let blocks = sumsRows ? tasks.count : tasks.blocksPerImage
    for row in 0..<(sumsRows ? 1 : x.count) {
      sums.combine(partials, row * blocks..<(row + 1) * blocks, into: total)
      // With the batch summed as well the result is of rank 1: its elements follow each other.
      let target = sumsRows ? y.base : y[row]
      for channel in 0..<sums.channels { target[channel] = Float(total[channel]) }
    }
  }
}
