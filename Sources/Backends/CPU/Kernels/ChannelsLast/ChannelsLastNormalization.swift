/// BatchNormalization of channels-last images in both forms, with the activation that may follow it. The arithmetic is that
/// of the NCHW kernel: statistics in two passes in double, then y = (x - mean) * factor + shift.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastNormalization: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let scale: Operand
  private let shift: Operand
  private let mean: Operand?
  private let variance: Operand?
  private let batchMean: Operand?
  private let batchVariance: Operand?
  private let epsilon: Double
  private let activation: FusedActivation
  private let channels: Int
  private let sums: ChannelSums
  let workspaceSize: Int

  init(_ readers: [NodeReader]) throws {
    let node = readers[0]
    let training = node.flag("training_mode")
    x = try node.image(0)
    channels = x.shape[1]
    scale = try node.input(1, rank: 1...1)
    shift = try node.input(2, rank: 1...1)
    mean = training ? nil : try node.input(3, rank: 1...1)
    variance = training ? nil : try node.input(4, rank: 1...1)
    batchMean = training ? try node.optionalOutput(1, rank: 1...1) : nil
    batchVariance = training ? try node.optionalOutput(2, rank: 1...1) : nil
    epsilon = node.node.real("epsilon", default: 1e-5)
    for operand in [scale, shift, mean, variance, batchMean, batchVariance] {
      try node.require(
        operand == nil || operand?.shape == [channels], "statistics of the wrong size for \(channels) channels")
    }
    try node.require(x.isChannelsLast, "x is not channels-last")
    for reader in readers {
      let made = try reader.resultImage(0)
      try reader.require(made.shape == x.shape && made.isChannelsLast, "\(x.shape) and \(made.shape) differ")
    }
    y = try readers[readers.count - 1].resultImage(0)
    activation = FusedActivation(readers[readers.count - 1].node) ?? .none
    sums = ChannelSums(channels: channels, pixels: x.planeLength)
    let partials = training ? sums.workspaceCount(images: x.rows) : 0
    workspaceSize = (4 * channels + partials) * MemoryLayout<Double>.size
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    try call.requireBatch(x.count, y.count, layer: self.x.layer)
    let scale: Rows<Float> = try call.parameter(self.scale)
    let shift: Rows<Float> = try call.parameter(self.shift)
    guard let workspace = call.workspace?.assumingMemoryBound(to: Double.self) else { return }
    let (means, variances) = (workspace, workspace + channels)
    if let mean, let variance {
      let given: Rows<Float> = try call.parameter(mean)
      let spread: Rows<Float> = try call.parameter(variance)
      for channel in 0..<channels {
        means[channel] = Double(given.base[channel])
        variances[channel] = Double(spread.base[channel])
      }
    } else {
      try measure(call, x, means, variances, partials: workspace + 4 * channels)
    }
    // high + low is the mean, so that no digits are lost where it is much larger than the deviation.
    let factors = (workspace + 2 * channels).withMemoryRebound(to: Float.self, capacity: 3 * channels) { $0 }
    let (high, factor, offset) = (factors, factors + channels, factors + 2 * channels)
    for channel in 0..<channels {
      let slope = Double(scale.base[channel]) / (variances[channel] + epsilon).squareRoot()
      high[channel] = Float(means[channel])
      factor[channel] = Float(slope)
      offset[channel] = Float(Double(shift.base[channel]) - (means[channel] - Double(high[channel])) * slope)
    }
    let tasks = sums.tasks(x.count)
    let wide = VectorActivation(activation)
    try call.parallelFor(tasks.count) { index, _ in
      let image = tasks.image(index)
      for pixel in tasks.range(index) {
        let (source, target) = (x[image] + pixel * channels, y[image] + pixel * channels)
        vectors(channels) { i in
          let value = (load8(source + i) - load8(high + i)) * load8(factor + i) + load8(offset + i)
          store8(wide.value(value), target + i)
        } rest: { i in
          target[i] = activation.value((source[i] - high[i]) * factor[i] + offset[i])
        }
      }
    }
  }

  private func measure(
    _ call: KernelCall, _ x: Rows<Float>, _ means: UnsafeMutablePointer<Double>,
    _ variances: UnsafeMutablePointer<Double>, partials: UnsafeMutablePointer<Double>
  ) throws {
    let batchMean: Rows<Float>? = try call.output(self.batchMean)
    let batchVariance: Rows<Float>? = try call.output(self.batchVariance)
    try call.requireBatch(channels, batchMean?.count ?? channels, batchVariance?.count ?? channels, layer: self.x.layer)
    let count = Double(x.count * self.x.planeLength)
    let blocks = 0..<sums.tasks(x.count).count
    try sums.sum(call, x, partials: partials)
    sums.combine(partials, blocks, into: means)
    for channel in 0..<channels { means[channel] /= count }
    try sums.squares(call, x, center: means, partials: partials)
    sums.combine(partials, blocks, into: variances)
    for channel in 0..<channels {
      variances[channel] /= count
      batchMean?.base[channel] = Float(means[channel])
      batchVariance?.base[channel] = Float(variances[channel])
    }
  }
}
