import DecoupledBase

/// Settings of phase 1.
public struct ClassificationSettings: PhaseSettings {
  public var solver = SolverSettings()
  public var seed: UInt64 = 1
  public var augmentation = AugmentationSettings()
  /// Where the labels come from; nil for the image-level ones.
  public var labels: LabelOrigin?

  public static let groupName = "phase 1"
  public static let settings: [Setting<Self>] = [
    .group("solver", \.solver, "How weights learn; defaults are those of the paper, but for phase 1's learning rate."),
    .number("seed", \.seed, .atLeast(0), "Of shuffling, crops, dropout and fillers: same seed, same run."),
    .group("augmentation", \.augmentation, "How samples are changed at random."),
    .choice(
      "labels", \.labels,
      "Labels of the whole image, as when left out, or of the mask inside the crop, as the released data layer takes them; the latter is no weak supervision."
    ),
  ]

  /// The paper's solver but for the learning rate, 0.001 instead of 0.01: without batch normalisation the latter may diverge.
  public init() { solver.baseLearningRate = 0.001 }
}
