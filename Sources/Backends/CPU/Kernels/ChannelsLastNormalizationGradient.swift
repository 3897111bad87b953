/// BatchNormalizationGradient of channels-last images in both forms, with the arithmetic of the NCHW kernel.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastNormalizationGradient: SwiftKernel {
  private let dy: Operand
  private let x: Operand
  private let scale: Operand
  private let mean: Operand
  private let variance: Operand
  private let dx: Operand?
  private let dscale: Operand?
  private let dshift: Operand?
  private let epsilon: Double
  private let isTraining: Bool
  private let channels: Int
  private let sums: ChannelSums
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    dy = try node.image(0)
    x = try node.image(1)
    scale = try node.input(2, rank: 1...1)
    mean = try node.input(3, rank: 1...1)
    variance = try node.input(4, rank: 1...1)
    dx = try node.optionalResultImage(0)
    dscale = try node.optionalOutput(1, rank: 1...1)
    dshift = try node.optionalOutput(2, rank: 1...1)
    channels = x.shape[1]
    epsilon = node.node.real("epsilon", default: 1e-5)
    isTraining = node.flag("training_mode")
    try node.require(dy.shape == x.shape, "shapes \(dy.shape) and \(x.shape) differ")
    try node.require(dx == nil || dx?.shape == x.shape, "the gradient does not have the shape of x")
    try node.require(
      x.isChannelsLast && dy.isChannelsLast && dx?.isChannelsLast ?? true, "an operand is not channels-last")
    for operand in [scale, mean, variance, dscale, dshift] {
      try node.require(
        operand == nil || operand?.shape == [channels], "statistics of the wrong size for \(channels) channels")
    }
    sums = ChannelSums(channels: channels, pixels: x.planeLength)
    workspaceSize = (4 * channels + sums.workspaceCount(images: x.rows, values: 2)) * MemoryLayout<Double>.size
  }

  func run(_ call: KernelCall) throws {
    let dy: Rows<Float> = try call.input(self.dy)
    let x: Rows<Float> = try call.input(self.x)
    let scale: Rows<Float> = try call.parameter(self.scale)
    let mean: Rows<Float> = try call.parameter(self.mean)
    let variance: Rows<Float> = try call.parameter(self.variance)
    let dx: Rows<Float>? = try call.output(self.dx)
    let dscale: Rows<Float>? = try call.output(self.dscale)
    let dshift: Rows<Float>? = try call.output(self.dshift)
    try call.requireBatch(x.count, dy.count, dx?.count ?? x.count, layer: self.x.layer)
    try call.requireBatch(channels, dscale?.count ?? channels, dshift?.count ?? channels, layer: self.x.layer)
    guard let workspace = call.workspace?.assumingMemoryBound(to: Double.self) else { return }
    let tasks = sums.tasks(x.count)
    // First the sums of dy and of dy * (x - mean), then, in the other half, the factors of dx.
    let total = workspace
    if isTraining || dscale != nil || dshift != nil {
      let partials = workspace + 4 * channels
      try sums.products(call, dy, x, center: mean.base, partials: partials)
      sums.combine(partials, 0..<tasks.count, values: 2, into: total)
    }
    let factors = (workspace + 2 * channels).withMemoryRebound(to: Float.self, capacity: 3 * channels) { $0 }
    let (factor, average, slope) = (factors, factors + channels, factors + 2 * channels)
    let count = Double(x.count * self.x.planeLength)
    for channel in 0..<channels {
      let inverse = 1 / (Double(variance.base[channel]) + epsilon).squareRoot()
      factor[channel] = Float(Double(scale.base[channel]) * inverse)
      dshift?.base[channel] = Float(total[channel])
      dscale?.base[channel] = Float(total[channels + channel] * inverse)
      if isTraining {
        average[channel] = Float(total[channel] / count)
        slope[channel] = Float(total[channels + channel] * inverse * inverse / count)
      }
    }
    guard let dx else { return }
    try call.parallelFor(tasks.count) { index, _ in
      let image = tasks.image(index)
      for pixel in tasks.range(index) {
        let gradient = dy[image] + pixel * channels
        let source = x[image] + pixel * channels
        let target = dx[image] + pixel * channels
        if isTraining {
          vectors(channels) { i in
            let centered = load8(source + i) - load8(mean.base + i)
            let rest = load8(gradient + i) - load8(average + i) - centered * load8(slope + i)
            store8(load8(factor + i) * rest, target + i)
          } rest: { i in
            target[i] = factor[i] * (gradient[i] - average[i] - (source[i] - mean.base[i]) * slope[i])
          }
        } else {
          vectors(channels) { i in
            store8(load8(factor + i) * load8(gradient + i), target + i)
          } rest: { i in
            target[i] = factor[i] * gradient[i]
          }
        }
      }
    }
  }
}
