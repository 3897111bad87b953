import DecoupledBase

/// Stochastic gradient descent with momentum: names and meanings are those of Caffe's solver, defaults those of the paper
/// (section 6.1 and the released solver files).
public struct SolverSettings: Sendable, Equatable {
  /// How gradients become steps.
  public enum Method: String, SettingChoice {
    /// Stochastic gradient descent with momentum, as in the paper.
    case sgd
    /// Kingma and Ba 2015, for networks without normalisation that start from nothing. `momentum` is its first decay rate.
    case adam
  }

  public var method = Method.sgd
  public var baseLearningRate = 0.01
  public var policy = LearningRatePolicy.step(gamma: 0.1, stepSize: 10_000)
  public var warmUpIterations = 0
  public var momentum = 0.9
  public var secondMomentum = 0.999
  public var weightDecay = 5e-4
  public var batchSize = 4
  public var iterSize = 16
  public var maximumIterations = 5500
  public var multiplierRules: [MultiplierRule] = []
  public var gradientClipping: Double?
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
    if let problem { throw EngineError(.invalidArgument, "Solver: \(problem)") }
  }
}

extension SolverSettings: SettingGroup {
  public static let groupName = "the solver"

  public static let settings: [Setting<Self>] = [
    .number("base_learning_rate", \.baseLearningRate, .above(0), "The learning rate before policy and warm-up."),
    .group(
      "policy", \.policyForm,
      "How the learning rate changes with the iteration; the name alone takes the usual numbers."),
    .number(
      "warm_up_iterations", \.warmUpIterations, .atLeast(0),
      "Iterations over which the rate grows linearly to its value; 0 for none, as in the paper."),
    .choice(
      "method", \.method,
      "How gradients become steps: with momentum as in the paper, or Adam (Kingma and Ba 2015) for networks without normalisation that start from nothing."
    ),
    .number(
      "momentum", \.momentum, .atLeast(0, below: 1),
      "Share of the last step that is kept; the first decay rate of adam."),
    .number(
      "second_momentum", \.secondMomentum, .atLeast(0, below: 1),
      "Decay rate of the averaged squared gradients of adam."),
    .number("weight_decay", \.weightDecay, .atLeast(0), "Share of a weight that is added to its gradient."),
    .number(
      "batch_size", \.batchSize, .between(1, 65536),
      "Images of one forward and backward pass; batch normalisation uses the statistics of these."),
    .number(
      "iter_size", \.iterSize, .between(1, 65536),
      "Passes whose gradients are averaged before one step (Caffe's iter_size)."),
    .number("maximum_iterations", \.maximumIterations, .between(1, 100_000_000), "Iterations of the training."),
    .groups(
      "multipliers", \.multiplierRules,
      "Rules by which parameters learn and decay at other rates; the last one that fits a parameter wins."),
    .number(
      "gradient_clipping", \.gradientClipping, .above(0),
      "Largest Euclidean norm of all gradients together, to which larger ones are scaled down; without it there is no limit, as in the paper."
    ),
    .flag(
      "caffe", \.caffe,
      "Repeats two quirks of the authors' Caffe with iter_size above 1: weight decay is divided by it, and the gradients of normalisation are those of the last pass only, divided by it."
    ),
  ]

  public var conflict: String? {
    caffe && method != .sgd
      ? "the caffe setting repeats quirks of sgd and does not go with \(method.rawValue)." : nil
  }

  fileprivate var policyForm: LearningRatePolicy.Form {
    get { LearningRatePolicy.Form(policy) }
    set { policy = newValue.policy }
  }
}
