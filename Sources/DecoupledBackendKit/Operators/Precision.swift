/// How far the results of an operator may lie from the exact ones. It belongs to the operator: no backend has a tolerance of
/// its own.
public enum Precision: Sendable {
  /// Results are inputs, moved.
  case exact
  /// Two roundings: of a factor, and of the product.
  case rounded
  case computed
  /// Quotients and means of sums.
  case averaged
  /// What is left of long sums.
  case summed
  /// Sums of products of up to 10^5 terms, and the digit that Winograd's transforms lose.
  case product

  /// Largest error of float32 results, as a share of the largest of them.
  public var tolerance: Double {
    switch self {
    case .exact: 0
    case .rounded: 0x1p-23
    case .computed: 4e-6
    case .averaged: 1e-5
    case .summed: 2e-5
    case .product: 1e-4
    }
  }

  /// The same in float64.
  public var doubleTolerance: Double { self == .exact ? 0 : 1e-11 }
}
