import DecoupledBase
import DecoupledCore

/// What the learning rate and the weight decay are multiplied by for one parameter (Caffe's lr_mult and decay_mult).
public struct Multipliers: Codable, Sendable, Equatable {
  /// 0 keeps the parameter as it is; no gradient is computed for it then.
  public var learningRate: Double
  public var decay: Double

  public init(learningRate: Double, decay: Double) {
    self.learningRate = learningRate
    self.decay = decay
  }

  /// The prototxts' defaults: weights 1 and 1; biases twice the rate and no decay; scale and shift of batch normalisation
  /// 1 and 1.
  init(of role: ParameterRole) {
    self.init(learningRate: role == .bias ? 2 : 1, decay: role == .bias ? 0 : 1)
  }
}

/// Multipliers for the parameters whose names match a pattern.
public struct MultiplierRule: SettingGroup {
  /// A parameter's whole name, such as "fc6.weight"; `*` stands for any characters.
  public var pattern = "*"
  /// Nil leaves what earlier rules say.
  public var learningRate: Double?
  public var decay: Double?

  public init() {}

  public init(_ pattern: String, learningRate: Double? = nil, decay: Double? = nil) {
    self.pattern = pattern
    self.learningRate = learningRate
    self.decay = decay
  }

  public static let groupName = "a multiplier rule"
  public static let settings: [Setting<Self>] = [
    .value(
      "pattern", \.pattern, "a text", "Whole names of parameters, such as fc6.weight; * stands for any characters.",
      isRequired: true, problem: { $0.isEmpty ? "a multiplier rule needs a pattern." : nil }),
    .number(
      "learning_rate", \.learningRate, .atLeast(0),
      "What the learning rate is multiplied by; 0 keeps the parameter as it is. Left out, what earlier rules say."),
    .number(
      "decay", \.decay, .atLeast(0), "What the weight decay is multiplied by. Left out, what earlier rules say."),
  ]

  /// Every parameter kept but the score layer: what adding classes to a model trains, so that the segmentation network
  /// still fits the features.
  public static func scoreLayerOnly(_ description: NetworkDescription) throws -> [MultiplierRule] {
    try [MultiplierRule("*", learningRate: 0)]
      + description.parameters([.score]).map {
        MultiplierRule($0.name, learningRate: Multipliers(of: $0.role).learningRate)
      }
  }

  /// torch's SGD: one rate and one decay for everything.
  public static let uniform = [MultiplierRule("*", learningRate: 1, decay: 1)]

  func matches(_ name: String) -> Bool { Self.matches(Array(pattern.utf8)[...], Array(name.utf8)[...]) }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
      return (name.startIndex...name.endIndex).contains { matches(pattern.dropFirst(), name[$0...]) }
    }
    return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
  }
}

extension SolverSettings {
  /// The multipliers of a parameter: those of its role, then each matching rule in order, the last one winning.
  public func multipliers(for name: String, _ role: ParameterRole) -> Multipliers {
    var result = Multipliers(of: role)
    for rule in multiplierRules where rule.matches(name) {
      if let learningRate = rule.learningRate { result.learningRate = learningRate }
      if let decay = rule.decay { result.decay = decay }
    }
    return result
  }

  /// Whether a parameter keeps its value.
  public func isFrozen(_ name: String) -> Bool { multipliers(for: name, .weight).learningRate == 0 }
}
