import DecoupledBase

/// Settings of phase 2.
public struct SegmentationSettings: PhaseSettings {
  public var solver = SolverSettings()
  public var seed: UInt64 = 1
  public var cropping = CroppingSettings()
  public var augmentation = AugmentationSettings()
  public var conversion = ConversionSettings()

  public static let groupName = "phase 2"
  public static let settings: [Setting<Self>] = [
    .group("solver", \.solver, "How weights learn; defaults are those of the paper, but for phase 1's learning rate."),
    .number("seed", \.seed, .atLeast(0), "Of shuffling, windows, crops and fillers: same seed, same run."),
    .group("cropping", \.cropping, "How combinatorial cropping makes samples (paper, section 5)."),
    .group("augmentation", \.augmentation, "How samples are changed at random."),
    .group("conversion", \.conversion, "How the statistics of the finished model are measured."),
  ]

  public init() {}
}
