/// What follows a convolution within its kernel: the bias, a BatchNormalization in inference form, an activation. Applied to
/// each tile of the result while it is in the cache.
import CDecoupled
import DecoupledBackendKit

/// The operands of the fused nodes, read at creation.
struct EpilogueOperands {
  let bias: Operand?
  let normalization: NormalizationOperands?
  let activation: FusedActivation
  let channels: Int
  /// y of the last fused node.
  let output: Operand

  /// - Parameter readers: the convolution and the nodes fused behind it.
  init(_ readers: [NodeReader], bias: Operand?, shape: [Int], layout: Int = Int(DCN_LAYOUT_NCHW)) throws {
    self.bias = bias
    channels = shape[1]
    var normalization: NormalizationOperands?
    for reader in readers.dropFirst() where reader.node.operatorKind == .batchNormalization {
      normalization = try NormalizationOperands(reader, channels: shape[1])
    }
    self.normalization = normalization
    activation = FusedActivation(readers[readers.count - 1].node) ?? .none
    for reader in readers.dropFirst() {
      let made = try reader.output(0, layout: layout)
      try reader.require(made.shape == shape, "the result has shape \(made.shape) instead of \(shape)")
    }
    output = try readers[readers.count - 1].output(0, layout: layout)
  }

  /// Floats of workspace for `prepared`.
  var workspaceCount: Int { normalization == nil ? 0 : 3 * channels }

  func prepared(_ call: KernelCall, _ workspace: UnsafeMutablePointer<Float>?) throws -> Epilogue {
    let bias: Rows<Float>? = try self.bias.map { try call.parameter($0) }
    var epilogue = Epilogue(bias: bias?.base, mean: nil, factor: nil, shift: nil, activation: activation)
    if let normalization, let workspace {
      let factor = workspace
      let mean: Rows<Float> = try call.parameter(normalization.mean)
      let variance: Rows<Float> = try call.parameter(normalization.variance)
      let scale: Rows<Float> = try call.parameter(normalization.scale)
      let shift: Rows<Float> = try call.parameter(normalization.shift)
      for channel in 0..<channels {
        let deviation = (Double(variance.base[channel]) + normalization.epsilon).squareRoot()
        factor[channel] = Float(Double(scale.base[channel]) / deviation)
      }
      epilogue.factor = UnsafePointer(factor)
      epilogue.mean = UnsafePointer(mean.base)
      epilogue.shift = UnsafePointer(shift.base)
    }
    return epilogue
  }
}

/// scale, shift, mean, variance of a BatchNormalization in inference form.
struct NormalizationOperands {
  let scale: Operand
  let shift: Operand
  let mean: Operand
  let variance: Operand
  let epsilon: Double

  init(_ reader: NodeReader, channels: Int) throws {
    scale = try reader.input(1, rank: 1...1)
    shift = try reader.input(2, rank: 1...1)
    mean = try reader.input(3, rank: 1...1)
    variance = try reader.input(4, rank: 1...1)
    epsilon = reader.node.real("epsilon", default: 1e-5)
    for operand in [scale, shift, mean, variance] {
      try reader.require(operand.shape == [channels], "\(operand.shape) statistics for \(channels) channels")
    }
  }
}

struct Epilogue {
  var bias: UnsafePointer<Float>?
  var mean: UnsafePointer<Float>?
  var factor: UnsafePointer<Float>?
  var shift: UnsafePointer<Float>?
  var activation: FusedActivation

  /// Starts a tile: each row holds the bias of its channel, to which the products are added.
  func start(_ tile: UnsafeMutablePointer<Float>, step: Int, channels: Range<Int>, count: Int) {
    for channel in channels {
      let row = tile + (channel - channels.lowerBound) * step
      let value = bias?[channel] ?? 0
      for i in 0..<count { row[i] = value }
    }
  }

  /// Writes one finished row of a channel to its place in the result.
  @inline(__always) func finish(
    _ row: UnsafePointer<Float>, channel: Int, count: Int, to target: UnsafeMutablePointer<Float>
  ) {
    if let mean, let factor, let shift {
      let (m, a, b) = (mean[channel], factor[channel], shift[channel])
      activation.apply(count, to: target) { (row[$0] - m) * a + b }
    } else if activation != .none {
      activation.apply(count, to: target) { row[$0] }
    } else if row != UnsafePointer(target) {
      target.update(from: row, count: count)
    }
  }
}
