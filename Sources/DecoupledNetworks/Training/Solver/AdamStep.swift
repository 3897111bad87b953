/// One step of Adam (Kingma and Ba 2015, algorithm 1) on a block of values.
struct AdamStep {
  /// Keeps the division finite, as in the paper.
  private static let epsilon: Float = 1e-8

  private let first: Float
  private let second: Float
  private let scale: Float
  private let decay: Float
  /// Rate with the correction of the averages' start at 0.
  private let rate: Float
  private let squareCorrection: Float

  /// - Parameters:
  ///   - rate, decay: with the parameter's multipliers.
  ///   - scale: factor of the gradient, below 1 when it is clipped.
  ///   - iteration: counted from 0.
  init(_ settings: SolverSettings, rate: Double, decay: Double, scale: Double, iteration: Int) {
    first = Float(settings.momentum)
    second = Float(settings.secondMomentum)
    self.scale = Float(scale)
    self.decay = Float(decay)
    self.rate = Float(rate / (1 - Self.power(settings.momentum, iteration + 1)))
    squareCorrection = Float(1 / (1 - Self.power(settings.secondMomentum, iteration + 1)))
  }

  /// Returns 0 when all weights are finite afterwards, 1 otherwise.
  func apply(
    momentum: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
    gradient: UnsafeMutablePointer<Float>, count: Int
  ) -> Double {
    var difference: Float = 0
    for i in 0..<count {
      let g = scale * gradient[i] + decay * weights[i]
      momentum[i] = first * momentum[i] + (1 - first) * g
      squares[i] = second * squares[i] + (1 - second) * g * g
      weights[i] -= rate * momentum[i] / ((squareCorrection * squares[i]).squareRoot() + Self.epsilon)
      difference += weights[i] - weights[i]
    }
    return difference == 0 ? 0 : 1
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}
