import DecoupledBase

/// How a structured forest is trained. The authors' own numbers are ten times larger where memory and time are concerned.
public struct ForestTrainingSettings: SettingGroup {
  public var forest = ForestSettings()
  public var trees = 8
  public var samples = 40_000
  public var featureShare = 0.25
  public var minChild = 8
  public var maxDepth = 64
  public var pairs = 256
  public var seed: UInt64 = 1

  public static let groupName = "the training of edges"
  public static let settings: [Setting<Self>] = [
    .group("forest", \.forest, "What the forest looks at."),
    .number("trees", \.trees, .between(1, 256), "Trees; half of them are asked at each place."),
    .number(
      "samples", \.samples, .between(100, 2_000_000),
      "Patches with an edge near their middle that each tree learns from, and as many without; one takes about 15 kB of memory."
    ),
    .number("featureShare", \.featureShare, .above(0, upTo: 1), "Share of all features that each tree may use."),
    .number("minChild", \.minChild, .between(1, 100_000), "Least patches in a leaf."),
    .number("maxDepth", \.maxDepth, .between(1, 64), "Greatest depth of a tree."),
    .number(
      "pairs", \.pairs, .between(1, 4096),
      "Pairs of pixels that are compared when the segmentations of a node are told apart."),
    .number("seed", \.seed, .atLeast(0), "Same seed, same forest."),
  ]

  public init() {}

  public var conflict: String? {
    forest.treesEvaluated <= trees
      ? nil : "treesEvaluated must be at most the \(trees) trees, not \(forest.treesEvaluated)."
  }

  /// Bytes that growing one tree needs, about.
  public var memory: Int { 2 * samples * (featuresPerTree * 4 + forest.innerSize * forest.innerSize + 16) }

  var featuresPerTree: Int { max(1, Int((Double(forest.featureCount) * featureShare).rounded())) }

  /// - Throws: `EngineError` naming the first setting that is out of its range.
  public func check() throws {
    try forest.check()
    if let problem { throw EngineError(.invalidArgument, "Training edges: \(problem)") }
  }
}
