import DecoupledCore
import DecoupledVision

/// Settings of phase 1.
public struct ClassificationSettings: PhaseSettings {
  public var solver: SolverSettings
  /// Of shuffling, crops, dropout and fillers.
  public var seed: UInt64 = 1
  public var augmentation = AugmentationSettings()
  /// Where the labels come from; nil for the image-level ones.
  public var labels: LabelOrigin?

  /// The paper's solver but for the learning rate, 0.001 instead of 0.01: without batch normalisation the latter may diverge.
  public init() {
    solver = SolverSettings()
    solver.baseLearningRate = 0.001
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension ClassificationSettings {
  enum CodingKeys: String, CodingKey, CaseIterable { case solver, seed, augmentation, labels }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "phase 1")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    if values.contains(.solver) {
      let rate = solver.baseLearningRate
      solver = try values.decode(SolverSettings.self, forKey: .solver)
      let given = try values.nestedContainer(keyedBy: SolverSettings.CodingKeys.self, forKey: .solver)
      if !given.contains(.baseLearningRate) { solver.baseLearningRate = rate }
    }
    try values.read(.seed, into: &seed)
    try values.read(.augmentation, into: &augmentation)
    labels = try values.decodeIfPresent(LabelOrigin.self, forKey: .labels)
  }
}
