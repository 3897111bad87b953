/// The chain BatchNormalization in inference form, Relu, ReluGradient, BatchNormalizationGradient, by which a training plan
/// goes back through a normalisation and its Relu without having kept their results: when it is one kernel, and what arrives.
import CDecoupled
import DecoupledBackendKit

enum NormalizationReluGradient {
  static let length = 4

  /// Whether the first nodes of a chain are of this kind and all read the same x and statistics.
  static func leads(_ chain: Chain) -> Bool {
    let kinds = [
      DCN_OPERATOR_BATCH_NORMALIZATION, DCN_OPERATOR_RELU, DCN_OPERATOR_RELU_GRADIENT,
      DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT,
    ]
    guard chain.count >= length, zip(chain, kinds).allSatisfy({ Int($0.kind) == Int($1) }),
      chain[0].integer("training_mode", default: 0) == 0,
      chain[0].real("epsilon", default: 1e-5) == chain[3].real("epsilon", default: 1e-5)
    else { return false }
    let (normalization, mask, gradient) = (chain[0].inputOperands, chain[2].inputOperands, chain[3].inputOperands)
    guard normalization.count == 5, mask.count >= 2, gradient.count == 5, chain[1].inputOperands.count == 1 else {
      return false
    }
    func links(_ operand: dcn_operand, _ node: Int) -> Bool {
      guard let made = chain[node].outputOperands.first else { return false }
      return operand.isInternal && made.isInternal && made.value == operand.value
        && !chain[node].outputOperands.dropFirst().contains { $0.isInternal }
    }
    func isSame(_ first: dcn_operand, _ second: dcn_operand) -> Bool {
      !first.isAbsent && !first.isInternal && !second.isInternal && first.value == second.value
    }
    return links(chain[1].inputOperands[0], 0) && links(mask[1], 1) && links(gradient[0], 2) && !mask[0].isInternal
      && mask.dropFirst(2).allSatisfy { $0.isAbsent } && isSame(normalization[0], gradient[1])
      && isSame(normalization[1], gradient[2]) && isSame(normalization[3], gradient[3])
      && isSame(normalization[4], gradient[4])
  }
}

/// What arrives at a normalisation as the gradient of its result. Types rather than closures, which would be called for each
/// vector.
protocol ArrivingGradient {
  func wide(_ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ channel: Int) -> SIMD8<Float>
  func one(_ dy: Float, _ x: Float, _ channel: Int) -> Float
}

struct PlainGradient: ArrivingGradient {
  @inline(__always) func wide(_ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ channel: Int) -> SIMD8<Float> {
    load8(dy)
  }

  @inline(__always) func one(_ dy: Float, _ x: Float, _ channel: Int) -> Float { dy }
}

/// dy where the normalised x is positive.
struct GradientThroughRelu: ArrivingGradient {
  let mean: UnsafePointer<Float>
  let factor: UnsafePointer<Float>
  let shift: UnsafePointer<Float>

  @inline(__always) func wide(_ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ channel: Int) -> SIMD8<Float> {
    let value = (load8(x) - load8(mean + channel)) * load8(factor + channel) + load8(shift + channel)
    return SIMD8<Float>().replacing(with: load8(dy), where: value .> 0)
  }

  @inline(__always) func one(_ dy: Float, _ x: Float, _ channel: Int) -> Float {
    (x - mean[channel]) * factor[channel] + shift[channel] > 0 ? dy : 0
  }
}
