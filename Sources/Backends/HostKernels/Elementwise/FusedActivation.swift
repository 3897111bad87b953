/// What a kernel may do to each element of its result while that is in the cache: the activation behind a convolution or a
/// normalisation. It is also the kernel of the operator alone.
import CDecoupled
import DecoupledBackendKit

enum FusedActivation: Equatable {
  case none
  case relu
  case hardSwish

  /// The activation that a node is, nil for any other operator.
  init?(_ node: dcn_node) {
    switch node.operatorKind {
    case .relu: self = .relu
    case .hardSwish: self = .hardSwish
    default: return nil
    }
  }

  @inline(__always) func value(_ x: Float) -> Float {
    switch self {
    case .none: x
    case .relu: x < 0 ? 0 : x
    case .hardSwish: x * min(max(x * (1 / 6) + 0.5, 0), 1)
    }
  }

  /// Applies it to a run of elements made by `element`, with one loop for each activation.
  @inline(__always) func apply(
    _ count: Int, to y: UnsafeMutablePointer<Float>, _ element: (Int) -> Float
  ) {
    switch self {
    case .none: for i in 0..<count { y[i] = element(i) }
    case .relu: for i in 0..<count { y[i] = Self.relu.value(element(i)) }
    case .hardSwish: for i in 0..<count { y[i] = Self.hardSwish.value(element(i)) }
    }
  }
}

/// The same for vectors, in a form that inner loops need not ask for the activation. Each width has its own function, and vectors
/// of equal elements are made ahead: both would otherwise go through the elements one by one.
struct VectorActivation {
  /// What is smaller becomes 0.
  private let least8: SIMD8<Float>
  private let least16: SIMD16<Float>
  private let isHardSwish: Bool

  @inline(__always) init(_ activation: FusedActivation) {
    let least: Float = activation == .relu ? 0 : -.infinity
    least8 = SIMD8(repeating: least)
    least16 = SIMD16(repeating: least)
    isHardSwish = activation == .hardSwish
  }

  @inline(__always) func value(_ x: SIMD8<Float>) -> SIMD8<Float> {
    guard isHardSwish else { return x.replacing(with: 0, where: x .< least8) }
    return Self.hardSwish(x)
  }

  @inline(__always) func value(_ x: SIMD16<Float>) -> SIMD16<Float> {
    guard isHardSwish else { return x.replacing(with: 0, where: x .< least16) }
    return SIMD16(lowHalf: Self.hardSwish(x.lowHalf), highHalf: Self.hardSwish(x.highHalf))
  }

  /// Out of line, so that the loops of the other activations stay small.
  @inline(never) private static func hardSwish(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let gate = x * (1 / 6) + 0.5
    return x * gate.replacing(with: 0, where: gate .< 0).replacing(with: 1, where: gate .> 1)
  }
}
