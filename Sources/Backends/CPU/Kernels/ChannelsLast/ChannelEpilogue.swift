/// What follows a convolution within its kernel, as one factor and one summand for each channel, and the activation:
/// (sum + bias - mean) * factor + shift.
import DecoupledBackendKit

struct ChannelEpilogue {
  private let factors: UnsafePointer<Float>
  private let summands: UnsafePointer<Float>
  private let activation: FusedActivation

  /// Floats of workspace for `init`.
  static func workspaceCount(_ operands: EpilogueOperands) -> Int {
    paddedStep(operands.workspaceCount) + 2 * paddedStep(operands.channels)
  }

  init(_ operands: EpilogueOperands, _ call: KernelCall, _ workspace: UnsafeMutablePointer<Float>) throws {
    let given = try operands.prepared(call, workspace)
    let padded = paddedStep(operands.channels)
    let factors = workspace + paddedStep(operands.workspaceCount)
    let summands = factors + padded
    let channels = operands.channels
    for channel in channels..<padded { (factors[channel], summands[channel]) = (0, 0) }
    if let bias = given.bias {
      summands.update(from: bias, count: channels)
    } else {
      summands.update(repeating: 0, count: channels)
    }
    if let mean = given.mean, let factor = given.factor, let shift = given.shift {
      for channel in 0..<channels {
        let summand = Double(summands[channel]) - Double(mean[channel])
        summands[channel] = Float(summand * Double(factor[channel]) + Double(shift[channel]))
      }
      factors.update(from: factor, count: channels)
    } else {
      factors.update(repeating: 1, count: channels)
    }
    self.factors = UnsafePointer(factors)
    self.summands = UnsafePointer(summands)
    activation = given.activation
  }

  /// The channels of one vector.
  struct Part {
    let factor: ChannelVector
    let summand: ChannelVector
    let activation: VectorActivation

    @inline(__always) func finish(_ value: ChannelVector) -> ChannelVector {
      activation.value(multiplyAdd(summand, value, factor))
    }

    /// Finishes the first `count` of these channels for some pixels, `step` floats apart before and `targetStep` after.
    @inline(__always) func finish(
      pixels: Int, _ source: UnsafePointer<Float>, _ step: Int, to target: UnsafeMutablePointer<Float>,
      _ targetStep: Int, first count: Int
    ) {
      if count == channelWidth {
        for i in 0..<pixels { storeChannels(finish(loadChannels(source + i * step)), target + i * targetStep) }
      } else {
        for i in 0..<pixels {
          storeChannels(finish(loadChannels(source + i * step)), target + i * targetStep, first: count)
        }
      }
    }
  }

  /// The channels from `channel` on, beyond the last of which there is padding.
  @inline(__always) func part(_ channel: Int) -> Part {
    Part(
      factor: loadChannels(factors + channel), summand: loadChannels(summands + channel),
      activation: VectorActivation(activation))
  }

  @inline(__always) func finish(_ value: Float, channel: Int) -> Float {
    activation.value(value * factors[channel] + summands[channel])
  }
}
