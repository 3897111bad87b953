import DecoupledBase

/// How a structured forest is trained. The authors' own numbers are ten times larger where memory and time are concerned.
public struct ForestTrainingSettings: Sendable, Equatable, Codable {
  public var forest = ForestSettings()
  public var trees = 8
  /// Patches with an edge near their middle that each tree learns from, and as many without. A tree holds
  /// `featureShare` of their features in memory: 2 * samples * 7.2 kB by default.
  public var samples = 40_000
  /// Share of all features that each tree may use.
  public var featureShare = 0.25
  /// A node must leave so many patches on either side.
  public var minChild = 8
  public var maxDepth = 64
  /// Pairs of pixels that are compared when the segmentations of a node are told apart.
  public var pairs = 256
  /// Same seed, same forest.
  public var seed: UInt64 = 1

  public init() {}

  /// Bytes that growing one tree needs, about.
  public var memory: Int { 2 * samples * (featuresPerTree * 4 + forest.innerSize * forest.innerSize + 16) }

  var featuresPerTree: Int { max(1, Int((Double(forest.featureCount) * featureShare).rounded())) }

  /// - Throws: `EngineError` naming the first setting that is out of its range.
  public func check() throws {
    try forest.check()
    func require(_ name: String, _ fits: Bool, _ value: Any, _ range: String) throws {
      guard fits else { throw EngineError(.invalidArgument, "Training edges needs \(name) \(range), not \(value).") }
    }
    try require("trees", (1...256).contains(trees), trees, "from 1 to 256")
    try require("evaluated trees", forest.treesEvaluated <= trees, forest.treesEvaluated, "of at most \(trees)")
    try require("samples", (100...2_000_000).contains(samples), samples, "from 100 to 2000000")
    try require("a share of features", featureShare > 0 && featureShare <= 1, featureShare, "above 0 and at most 1")
    try require("a least child", (1...100_000).contains(minChild), minChild, "from 1 to 100000")
    try require("a depth", (1...64).contains(maxDepth), maxDepth, "from 1 to 64")
    try require("pairs", (1...4096).contains(pairs), pairs, "from 1 to 4096")
  }
}
