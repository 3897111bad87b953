/// What a kernel may do to each element of its result while that is in the cache: the activation behind a convolution or a
/// normalisation. It is also the kernel of the operator alone.
import CDecoupled
import DecoupledBackendKit

enum FusedActivation: Equatable {
  case none
  case relu

  /// The activation that a node is, nil for any other operator.
  init?(_ node: dcn_node) {
    switch node.operatorKind {
    case .relu: self = .relu
    default: return nil
    }
  }

  @inline(__always) func value(_ x: Float) -> Float {
    switch self {
    case .none: x
    case .relu: x < 0 ? 0 : x
    }
  }

  /// Applies it to a run of elements made by `element`, with one loop for each activation.
  @inline(__always) func apply(
    _ count: Int, to y: UnsafeMutablePointer<Float>, _ element: (Int) -> Float
  ) {
    switch self {
    case .none: for i in 0..<count { y[i] = element(i) }
    case .relu: for i in 0..<count { y[i] = Self.relu.value(element(i)) }
    }
  }
}

/// The same for vectors, in a form that inner loops need not ask for the activation.
struct VectorActivation<Vector: SIMD> where Vector.Scalar == Float {
  /// What is smaller becomes this.
  private let least: Vector

  @inline(__always) init(_ activation: FusedActivation) {
    least = Vector(repeating: activation == .relu ? 0 : -.infinity)
  }

  @inline(__always) func value(_ x: Vector) -> Vector { x.replacing(with: least, where: x .< least) }
}
