import DecoupledBase
import Glibc

/// How the learning rate changes with the iteration; names and formulas are Caffe's.
public enum LearningRatePolicy: Sendable, Equatable {
  /// The base rate throughout.
  case fixed
  /// base * gamma^floor(iteration / stepSize): what the released solvers use (gamma 0.1).
  case step(gamma: Double, stepSize: Int)
  /// base * (1 - iteration / maximumIterations)^power.
  case poly(power: Double)

  /// What the base rate is multiplied by.
  public func factor(iteration: Int, maximumIterations: Int) -> Double {
    switch self {
    case .fixed: 1
    case .step(let gamma, let stepSize): pow(gamma, Double(iteration / max(stepSize, 1)))
    case .poly(let power): pow(max(0, 1 - Double(iteration) / Double(max(maximumIterations, 1))), power)
    }
  }
}

extension LearningRatePolicy {
  /// The policy as a file gives it: `{"name": "step", "gamma": 0.1, "step_size": 10000}`, or the name alone. Numbers that are
  /// left out are the usual ones: those of the released solvers, and DeepLab's power.
  struct Form: SettingGroup {
    enum Name: String, SettingChoice { case fixed, step, poly }

    var name = Name.fixed
    var gamma: Double?
    var stepSize: Int?
    var power: Double?

    static let groupName = "a learning rate policy"
    static let settings: [Setting<Self>] = [
      .choice(
        "name", \.name, "The base rate throughout; or multiplied by gamma every step_size iterations; or falling to 0.",
        isRequired: true),
      .number("gamma", \.gamma, .above(0, upTo: 1), "Of step: the factor, 0.1 when left out."),
      .number("step_size", \.stepSize, .atLeast(1), "Of step: iterations between its steps, 10000 when left out."),
      .number(
        "power", \.power, .atLeast(0),
        "Of poly: the rate is multiplied by (1 - iteration / maximum_iterations)^power, 0.9 when left out."),
    ]
    static let presets = Name.allCases.map { (name: $0.rawValue, group: Self($0)) }

    init() {}

    private init(_ name: Name) { self.name = name }

    init(_ policy: LearningRatePolicy) {
      switch policy {
      case .fixed: name = .fixed
      case .step(let gamma, let stepSize): (name, self.gamma, self.stepSize) = (.step, gamma, stepSize)
      case .poly(let power): (name, self.power) = (.poly, power)
      }
    }

    var policy: LearningRatePolicy {
      switch name {
      case .fixed: .fixed
      case .step: .step(gamma: gamma ?? 0.1, stepSize: stepSize ?? 10_000)
      case .poly: .poly(power: power ?? 0.9)
      }
    }
  }
}
