/// What a parameter is to its layer.
public enum ParameterRole: Sendable {
  case weight
  case bias
  /// Scale and shift of a normalisation.
  case scale
  case shift
  /// Statistics of a normalisation in inference form; no gradient reaches them.
  case runningMean
  case runningVariance
}

/// How a parameter is drawn when nothing gives its values.
public enum ParameterFilling: Sendable, Equatable {
  case constant(Float)
  /// Gaussian with mean 0.
  case gaussian(deviation: Double)
  /// [channels, 1 or channels, k, k]: the kernel that interpolates linearly between the cells of a map, the same for each
  /// channel and 0 between different ones (Long et al. 2015).
  case linearInterpolation
}

/// What is known of a parameter where its layer is made. Nothing else decides by the name of a layer.
public struct ParameterTraits: Sendable, Equatable {
  /// The part of the network that the layer belongs to.
  public var part: String
  public var role: ParameterRole
  public var filling: ParameterFilling

  public init(part: String = "", role: ParameterRole = .weight, filling: ParameterFilling = .constant(0)) {
    self.part = part
    self.role = role
    self.filling = filling
  }
}
