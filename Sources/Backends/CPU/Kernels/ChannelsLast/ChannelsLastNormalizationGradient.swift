/// BatchNormalizationGradient of channels-last images in both forms, with the arithmetic of the NCHW kernel; also behind the
/// gradient of a Relu whose mask is computed once more from x, so that it needs no memory.
import CDecoupled
import DecoupledBackendKit

final class ChannelsLastNormalizationGradient: SwiftKernel {
  private let dy: Operand
  private let x: Operand
  private let scale: Operand
  /// Of the normalisation under the Relu, nil without one.
  private let shift: Operand?
  private let mean: Operand
  private let variance: Operand
  private let map: Operand?
  private let dx: Operand?
  private let dscale: Operand?
  private let dshift: Operand?
  private let epsilon: Double
  private let isTraining: Bool
  private let channels: Int
  private let sums: ChannelSums
  let workspaceSize: Int

  /// - Parameter readers: the gradient's node, or the four of `NormalizationReluGradient`.
  init(_ readers: [NodeReader]) throws {
    let node = readers[readers.count - 1]
    dy = try readers.count == 1 ? node.image(0) : readers[2].image(0)
    shift = try readers.count == 1 ? nil : readers[0].input(2, rank: 1...1)
    x = try node.image(1)
    scale = try node.input(2, rank: 1...1)
    mean = try node.input(3, rank: 1...1)
    variance = try node.input(4, rank: 1...1)
    map = try node.mappedRows(5, rows: dy.rows)
    dx = try node.optionalResultImage(0)
    dscale = try node.optionalOutput(1, rank: 1...1)
    dshift = try node.optionalOutput(2, rank: 1...1)
    channels = x.shape[1]
    epsilon = node.node.real("epsilon", default: 1e-5)
    isTraining = node.flag("training_mode")
    try node.require(
      dy.shape[1...] == x.shape[1...] && (map == nil ? dy.rows == x.rows : !isTraining && readers.count == 1),
      "shapes \(dy.shape) and \(x.shape) differ")
    try node.require(dx == nil || dx?.shape == dy.shape, "the gradient does not have the shape of dy")
    try node.require(
      x.isChannelsLast && dy.isChannelsLast && dx?.isChannelsLast ?? true, "an operand is not channels-last")
    for operand in [scale, shift, mean, variance, dscale, dshift] {
      try node.require(
        operand == nil || operand?.shape == [channels], "statistics of the wrong size for \(channels) channels")
    }
    sums = ChannelSums(channels: channels, pixels: x.planeLength)
    workspaceSize = (6 * channels + sums.workspaceCount(images: dy.rows, values: 2)) * MemoryLayout<Double>.size
  }

  func run(_ call: KernelCall) throws {
    guard let workspace = call.workspace?.assumingMemoryBound(to: Double.self) else { return }
    guard let shift else { return try run(call, PlainGradient(), workspace) }
    let (scale, mean): (Rows<Float>, Rows<Float>) = (try call.parameter(self.scale), try call.parameter(self.mean))
    let (variance, offset): (Rows<Float>, Rows<Float>) = (
      try call.parameter(self.variance), try call.parameter(shift)
    )
    let factor = (workspace + 4 * channels).withMemoryRebound(to: Float.self, capacity: channels) { $0 }
    for channel in 0..<channels {
      factor[channel] = Float(
        Double(scale.base[channel]) / (Double(variance.base[channel]) + epsilon).squareRoot())
    }
    try run(call, GradientThroughRelu(mean: mean.base, factor: factor, shift: offset.base), workspace)
  }

  @inline(__always) private func run<Gradient: ArrivingGradient>(
    _ call: KernelCall, _ arriving: Gradient, _ workspace: UnsafeMutablePointer<Double>
  ) throws {
    let dy: Rows<Float> = try call.input(self.dy)
    let x: Rows<Float> = try call.input(self.x)
    let scale: Rows<Float> = try call.parameter(self.scale)
    let mean: Rows<Float> = try call.parameter(self.mean)
    let variance: Rows<Float> = try call.parameter(self.variance)
    let dx: Rows<Float>? = try call.output(self.dx)
    let dscale: Rows<Float>? = try call.output(self.dscale)
    let dshift: Rows<Float>? = try call.output(self.dshift)
    try call.requireBatch(dy.count, dx?.count ?? dy.count, layer: self.x.layer)
    let map = try call.rowMap(self.map, rows: dy.count, images: x.count, layer: self.x.layer)
    try call.requireBatch(channels, dscale?.count ?? channels, dshift?.count ?? channels, layer: self.x.layer)
    let tasks = sums.tasks(dy.count)
    // First the sums of dy and of dy * (x - mean), then, in the other half, the factors of dx.
    let total = workspace
    if isTraining || dscale != nil || dshift != nil {
      let partials = workspace + 6 * channels
      try sums.products(call, dy, x, map, arriving, center: mean.base, partials: partials)
      sums.combine(partials, 0..<tasks.count, values: 2, into: total)
    }
    let factors = (workspace + 2 * channels).withMemoryRebound(to: Float.self, capacity: 3 * channels) { $0 }
    let (factor, average, slope) = (factors, factors + channels, factors + 2 * channels)
    let count = Double(dy.count * self.x.planeLength)
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
      let forward = map.map { Int($0[image]) } ?? image
      for pixel in tasks.range(index) {
        let gradient = dy[image] + pixel * channels
        let source = x[forward] + pixel * channels
        let target = dx[image] + pixel * channels
        if isTraining {
          vectors(channels) { i in
            let centered = load8(source + i) - load8(mean.base + i)
            let rest = arriving.wide(gradient + i, source + i, i) - load8(average + i) - centered * load8(slope + i)
            store8(load8(factor + i) * rest, target + i)
          } rest: { i in
            target[i] =
              factor[i] * (arriving.one(gradient[i], source[i], i) - average[i] - (source[i] - mean.base[i]) * slope[i])
          }
        } else {
          vectors(channels) { i in
            store8(load8(factor + i) * arriving.wide(gradient + i, source + i, i), target + i)
          } rest: { i in
            target[i] = factor[i] * arriving.one(gradient[i], source[i], i)
          }
        }
      }
    }
  }
}
