import DecoupledCore

/// Stochastic gradient descent with momentum: names and meanings are those of Caffe's solver, defaults those of the paper
/// (section 6.1 and the released solver files).
public struct SolverSettings: Sendable, Equatable {
  /// How gradients become steps.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// Stochastic gradient descent with momentum, as in the paper.
    case sgd
    /// Kingma and Ba 2015, for networks without normalisation that start from nothing. `momentum` is its first decay rate.
    case adam
  }

  public var method = Method.sgd
  public var baseLearningRate = 0.01
  public var policy = LearningRatePolicy.step(gamma: 0.1, stepSize: 10_000)
  /// Iterations over which the rate grows linearly to its value; 0 for none, as in the paper.
  public var warmUpIterations = 0
  public var momentum = 0.9
  /// Decay rate of the averaged squared gradients of `adam`.
  public var secondMomentum = 0.999
  public var weightDecay = 5e-4
  /// Images of one forward and backward pass; batch normalisation uses the statistics of these.
  public var batchSize = 4
  /// Passes whose gradients are averaged before one step (Caffe's iter_size).
  public var iterSize = 16
  public var maximumIterations = 5500
  /// Learning rate and decay multipliers on top of the defaults, see `multipliers(for:_:)`.
  public var multiplierRules: [MultiplierRule] = []
  /// Largest Euclidean norm of all gradients together; larger ones are scaled down to it. Nil for no limit, as in the paper.
  public var gradientClipping: Double?
  /// Repeats two quirks of the authors' Caffe when `iterSize` is above 1: weight decay is divided by it, and the gradients of
  /// normalisation scale and shift are those of the last pass only (divided by it too).
  public var caffe = false

  public init() {}

  /// Images of one step.
  public var imagesPerIteration: Int { batchSize * iterSize }

  /// The learning rate of an iteration, counted from 0.
  public func learningRate(iteration: Int) -> Double {
    let rate = baseLearningRate * policy.factor(iteration: iteration, maximumIterations: maximumIterations)
    return iteration < warmUpIterations ? rate * Double(iteration + 1) / Double(warmUpIterations) : rate
  }

  /// - Throws: one sentence naming the first setting that cannot work.
  public func validate() throws {
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw EngineError(.invalidArgument, "Solver: \(message())") }
    }
    try check(
      baseLearningRate > 0 && baseLearningRate.isFinite, "base_learning_rate must be above 0, not \(baseLearningRate).")
    try check((0..<1).contains(momentum), "momentum must be at least 0 and below 1, not \(momentum).")
    try check(
      (0..<1).contains(secondMomentum), "second_momentum must be at least 0 and below 1, not \(secondMomentum).")
    try check(
      !caffe || method == .sgd, "the caffe setting repeats quirks of sgd and does not go with \(method.rawValue).")
    try check(
      weightDecay >= 0 && weightDecay.isFinite, "weight_decay must be at least 0, not \(weightDecay).")
    try check((1...65536).contains(batchSize), "batch_size must lie between 1 and 65536, not \(batchSize).")
    try check((1...65536).contains(iterSize), "iter_size must lie between 1 and 65536, not \(iterSize).")
    try check(
      (1...100_000_000).contains(maximumIterations),
      "maximum_iterations must lie between 1 and 100000000, not \(maximumIterations).")
    try check(warmUpIterations >= 0, "warm_up_iterations must be at least 0, not \(warmUpIterations).")
    if let limit = gradientClipping {
      try check(limit > 0 && limit.isFinite, "gradient_clipping must be above 0, not \(limit).")
    }
    switch policy {
    case .fixed: break
    case .step(let gamma, let stepSize):
      try check(
        gamma > 0 && gamma <= 1 && stepSize >= 1,
        "policy step needs a gamma above 0 up to 1 and a step_size of at least 1, not \(gamma) and \(stepSize).")
    case .poly(let power):
      try check(power >= 0 && power.isFinite, "policy poly needs a power of at least 0, not \(power).")
    }
    for rule in multiplierRules {
      let numbers = [rule.learningRate, rule.decay].compactMap { $0 }
      try check(
        !rule.pattern.isEmpty && numbers.allSatisfy { $0 >= 0 && $0.isFinite },
        "the multiplier rule '\(rule.pattern)' needs a pattern and numbers of at least 0.")
    }
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension SolverSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case policy, method, momentum, caffe
    case baseLearningRate = "base_learning_rate"
    case warmUpIterations = "warm_up_iterations"
    case weightDecay = "weight_decay"
    case batchSize = "batch_size"
    case secondMomentum = "second_momentum"
    case iterSize = "iter_size"
    case maximumIterations = "maximum_iterations"
    case multiplierRules = "multipliers"
    case gradientClipping = "gradient_clipping"
  }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "the solver")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(.baseLearningRate, into: &baseLearningRate)
    try values.read(.policy, into: &policy)
    try values.read(.warmUpIterations, into: &warmUpIterations)
    try values.read(.method, into: &method)
    try values.read(.momentum, into: &momentum)
    try values.read(.secondMomentum, into: &secondMomentum)
    try values.read(.weightDecay, into: &weightDecay)
    try values.read(.batchSize, into: &batchSize)
    try values.read(.iterSize, into: &iterSize)
    try values.read(.maximumIterations, into: &maximumIterations)
    try values.read(.multiplierRules, into: &multiplierRules)
    gradientClipping = try values.decodeIfPresent(Double.self, forKey: .gradientClipping)
    try values.read(.caffe, into: &caffe)
  }
}
