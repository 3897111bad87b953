/// BatchNormalization of channels-last images in both forms, with the Relu that may follow it. The arithmetic is that of the
/// NCHW kernel: statistics in two passes in double, then y = (x - mean) * factor + shift.
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
  private let hasRelu: Bool
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
    hasRelu = readers.count > 1
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
    try call.parallelFor(tasks.count) { index, _ in
      let (source, target) = (x[tasks.image(index)], y[tasks.image(index)])
      if hasRelu {
        apply(source, target, tasks.range(index), high, factor, offset) { value in
          value.replacing(with: 0, where: value .< 0)
        } rest: { value in
          value < 0 ? 0 : value
        }
      } else {
        apply(source, target, tasks.range(index), high, factor, offset) {
          $0
        } rest: {
          $0
        }
      }
    }
  }

  @inline(__always) private func apply(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ pixels: Range<Int>, _ mean: UnsafePointer<Float>,
    _ factor: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, finish: (SIMD8<Float>) -> SIMD8<Float>,
    rest: (Float) -> Float
  ) {
    for pixel in pixels {
      let source = x + pixel * channels
      let target = y + pixel * channels
      vectors(channels) { i in
        store8(finish((load8(source + i) - load8(mean + i)) * load8(factor + i) + load8(shift + i)), target + i)
      } rest: { i in
        target[i] = rest((source[i] - mean[i]) * factor[i] + shift[i])
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
