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

/// As JSON: `{"name": "step", "gamma": 0.1, "step_size": 10000}`, or the name alone for `fixed`.
extension LearningRatePolicy: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, gamma, power
    case stepSize = "step_size"
  }

  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      self = try Self.named(name, decoder)
      return
    }
    try KnownSettings.check(decoder, CodingKeys.self, of: "a learning rate policy")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    switch try Self.named(try values.decode(String.self, forKey: .name), decoder) {
    case .fixed: self = .fixed
    case .step(let gamma, let stepSize):
      self = .step(
        gamma: try values.decodeIfPresent(Double.self, forKey: .gamma) ?? gamma,
        stepSize: try values.decodeIfPresent(Int.self, forKey: .stepSize) ?? stepSize)
    case .poly(let power): self = .poly(power: try values.decodeIfPresent(Double.self, forKey: .power) ?? power)
    }
  }

  /// The policy with its usual numbers: those of the released solvers, and DeepLab's power.
  private static func named(_ name: String, _ decoder: any Decoder) throws -> LearningRatePolicy {
    switch name {
    case "fixed": .fixed
    case "step": .step(gamma: 0.1, stepSize: 10_000)
    case "poly": .poly(power: 0.9)
    default:
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "'\(name)' is not one of fixed, step, poly."))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .fixed: try values.encode("fixed", forKey: .name)
    case .step(let gamma, let stepSize):
      try values.encode("step", forKey: .name)
      try values.encode(gamma, forKey: .gamma)
      try values.encode(stepSize, forKey: .stepSize)
    case .poly(let power):
      try values.encode("poly", forKey: .name)
      try values.encode(power, forKey: .power)
    }
  }
}
