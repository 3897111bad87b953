/// BatchNormalizationGradient in both forms. The sums are taken as in BatchNormalization: in double, a partial sum for each
/// plane, added in the order of the images.
import CDecoupled
import DecoupledBackendKit

final class BatchNormalizationGradient: SwiftKernel {
  private let dy: Operand
  private let x: Operand
  private let scale: Operand
  private let mean: Operand
  private let variance: Operand
  private let map: Operand?
  private let dx: Operand?
  private let dscale: Operand?
  private let dshift: Operand?
  private let epsilon: Double
  private let isTraining: Bool
  private let channels: Int
  private let pixels: Int
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    dy = try node.input(0, rank: 2...8)
    x = try node.input(1, rank: 2...8)
    scale = try node.input(2, rank: 1...1)
    mean = try node.input(3, rank: 1...1)
    variance = try node.input(4, rank: 1...1)
    map = try node.mappedRows(5, rows: dy.rows)
    dx = try node.optionalOutput(0, rank: 2...8)
    dscale = try node.optionalOutput(1, rank: 1...1)
    dshift = try node.optionalOutput(2, rank: 1...1)
    channels = x.shape[1]
    pixels = x.planeLength
    epsilon = node.node.real("epsilon", default: 1e-5)
    isTraining = node.flag("training_mode")
    try node.require(
      dy.shape.count == x.shape.count && dy.shape[1...] == x.shape[1...]
        && (map == nil ? dy.rows == x.rows : !isTraining), "shapes \(dy.shape) and \(x.shape) differ")
    try node.require(dx == nil || dx?.shape == dy.shape, "the gradient does not have the shape of dy")
    for operand in [scale, mean, variance, dscale, dshift] {
      try node.require(
        operand == nil || operand?.shape == [channels], "statistics of the wrong size for \(channels) channels")
    }
    workspaceSize = (2 * dy.rows + 4) * channels * MemoryLayout<Double>.size
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
    try call.requireBatch(dy.count, dx?.count ?? dy.count, layer: self.x.layer)
    let map = try call.rowMap(self.map, rows: dy.count, images: x.count, layer: self.x.layer)
    try call.requireBatch(channels, dscale?.count ?? channels, dshift?.count ?? channels, layer: self.x.layer)
    guard let workspace = call.workspace?.assumingMemoryBound(to: Double.self) else { return }
    let partials = workspace + 4 * channels
    let tasks = PlaneTasks(images: dy.count, channels: channels, pixels: pixels)
    if isTraining || dscale != nil || dshift != nil {
      try call.parallelFor(tasks.count) { index, _ in
        for plane in tasks.planes(index) {
          let (image, channel) = (plane / channels, plane % channels)
          let offset = channel * pixels
          (partials[2 * plane], partials[2 * plane + 1]) = Sums.products(
            dy[image] + offset, x[map.map { Int($0[image]) } ?? image] + offset, center: Double(mean.base[channel]),
            pixels)
        }
      }
    }
    // Per channel: the factor of dy, the mean of dy, and what (x - mean) is multiplied by.
    let factors = workspace.withMemoryRebound(to: Float.self, capacity: 3 * channels) { $0 }
    let count = Double(dy.count * pixels)
    for channel in 0..<channels {
      let inverse = 1 / (Double(variance.base[channel]) + epsilon).squareRoot()
      factors[3 * channel] = Float(Double(scale.base[channel]) * inverse)
      factors[3 * channel + 1] = 0
      factors[3 * channel + 2] = 0
      guard isTraining || dscale != nil || dshift != nil else { continue }
      var (sum, product) = (0.0, 0.0)
      for image in 0..<dy.count {
        sum += partials[2 * (image * channels + channel)]
        product += partials[2 * (image * channels + channel) + 1]
      }
      dshift?.base[channel] = Float(sum)
      dscale?.base[channel] = Float(product * inverse)
      if isTraining {
        factors[3 * channel + 1] = Float(sum / count)
        factors[3 * channel + 2] = Float(product * inverse * inverse / count)
      }
    }
    guard let dx else { return }
    try call.parallelFor(tasks.count) { index, _ in
      for plane in tasks.planes(index) {
        let (image, channel) = (plane / channels, plane % channels)
        let gradient = dy[image] + channel * pixels
        let target = dx[image] + channel * pixels
        let (factor, average) = (factors[3 * channel], factors[3 * channel + 1])
        let (slope, center) = (factors[3 * channel + 2], mean.base[channel])
        if isTraining {
          let source = x[image] + channel * pixels
          for i in 0..<pixels { target[i] = factor * (gradient[i] - average - (source[i] - center) * slope) }
        } else {
          for i in 0..<pixels { target[i] = factor * gradient[i] }
        }
      }
    }
  }
}
