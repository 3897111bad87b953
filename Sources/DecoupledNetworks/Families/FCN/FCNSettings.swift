import DecoupledBase

/// Settings of FCN's phases.
public struct FCNSettings: PhaseSettings {
  public var solver: SolverSettings
  public var seed: UInt64 = 1
  public var augmentation: AugmentationSettings

  public static let groupName = "a phase of FCN"
  public static let settings: [Setting<Self>] = [
    .group("solver", \.solver, "How weights learn."),
    .number("seed", \.seed, .atLeast(0), "Of shuffling, crops, dropout and fillers: same seed, same run."),
    .group("augmentation", \.augmentation, "How samples are changed at random."),
  ]

  /// The release's solver in terms of the mean loss, its sum over some 187,500 pixels being what was summed there: a rate of
  /// 2e-5, a momentum of 0.99, one image a step, no decay that would be felt; no mirror images.
  public init() {
    solver = SolverSettings()
    solver.baseLearningRate = 2e-5
    solver.policy = .fixed
    solver.momentum = 0.99
    solver.weightDecay = 0
    (solver.batchSize, solver.iterSize) = (1, 1)
    solver.maximumIterations = 100_000
    augmentation = AugmentationSettings()
    augmentation.mirror = false
    augmentation.square = true
  }
}
