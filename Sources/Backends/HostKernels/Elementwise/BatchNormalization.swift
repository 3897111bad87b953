/// BatchNormalization in both forms, with the activation that may follow it.
///
/// Batch statistics take two passes, mean first, in double: each plane of each image has a partial sum in the workspace,
/// and a channel's partial sums are added in the order of the images.
import CDecoupled
import DecoupledBackendKit

final class BatchNormalization: SwiftKernel {
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
  private let pixels: Int
  let workspaceSize: Int

  init(_ readers: [NodeReader]) throws {
    let node = readers[0]
    let training = node.flag("training_mode")
    x = try node.input(0, rank: 2...8)
    channels = x.shape[1]
    pixels = x.planeLength
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
    for reader in readers {
      let made = try reader.output(0)
      try reader.require(made.shape == x.shape, "shapes \(x.shape) and \(made.shape) differ")
    }
    y = try readers[readers.count - 1].output(0)
    activation = FusedActivation(readers[readers.count - 1].node) ?? .none
    workspaceSize = (x.rows + 4) * channels * MemoryLayout<Double>.size
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
      let batchMean: Rows<Float>? = try call.output(self.batchMean)
      let batchVariance: Rows<Float>? = try call.output(self.batchVariance)
      try call.requireBatch(
        channels, batchMean?.count ?? channels, batchVariance?.count ?? channels, layer: self.x.layer)
      for channel in 0..<channels {
        batchMean?.base[channel] = Float(means[channel])
        batchVariance?.base[channel] = Float(variances[channel])
      }
    }
    // y = (x - high) * factor + (shift - low * factor), where high + low is the mean: no digits are lost where the mean is
    // much larger than the deviation.
    let factors = (workspace + 2 * channels).withMemoryRebound(to: Float.self, capacity: 3 * channels) { $0 }
    for channel in 0..<channels {
      let factor = Double(scale.base[channel]) / (variances[channel] + epsilon).squareRoot()
      let high = Float(means[channel])
      factors[3 * channel] = high
      factors[3 * channel + 1] = Float(factor)
      factors[3 * channel + 2] = Float(Double(shift.base[channel]) - (means[channel] - Double(high)) * factor)
    }
    let tasks = PlaneTasks(images: x.count, channels: channels, pixels: pixels)
    try call.parallelFor(tasks.count) { index, _ in
      for plane in tasks.planes(index) {
        let (image, channel) = (plane / channels, plane % channels)
        let source = x[image] + channel * pixels
        let target = y[image] + channel * pixels
        let (m, a, b) = (factors[3 * channel], factors[3 * channel + 1], factors[3 * channel + 2])
        activation.apply(pixels, to: target) { (source[$0] - m) * a + b }
      }
    }
  }

  private func measure(
    _ call: KernelCall, _ x: Rows<Float>, _ means: UnsafeMutablePointer<Double>,
    _ variances: UnsafeMutablePointer<Double>, partials: UnsafeMutablePointer<Double>
  ) throws {
    let tasks = PlaneTasks(images: x.count, channels: channels, pixels: pixels)
    let count = Double(x.count * pixels)
    try call.parallelFor(tasks.count) { index, _ in
      for plane in tasks.planes(index) {
        partials[plane] = Sums.sum(x[plane / channels] + plane % channels * pixels, pixels)
      }
    }
    combine(partials, images: x.count, divisor: count, into: means)
    try call.parallelFor(tasks.count) { index, _ in
      for plane in tasks.planes(index) {
        let channel = plane % channels
        partials[plane] = Sums.squares(x[plane / channels] + channel * pixels, center: means[channel], pixels)
      }
    }
    combine(partials, images: x.count, divisor: count, into: variances)
  }

  private func combine(
    _ partials: UnsafeMutablePointer<Double>, images: Int, divisor: Double, into result: UnsafeMutablePointer<Double>
  ) {
    for channel in 0..<channels {
      var sum = 0.0
      for image in 0..<images { sum += partials[image * channels + channel] }
      result[channel] = sum / divisor
    }
  }
}
