import DecoupledBase

/// The parameters of Edge Boxes; the defaults are the authors'.
public struct EdgeBoxesSettings: Sendable, Equatable, Codable {
  /// Overlap (IoU) of neighbouring windows of the search, 0 < alpha < 1: .65. More is slower.
  public var alpha: Float = 0.65
  /// Boxes that overlap a better one by more than this (IoU) are dropped, 0 < beta <= 1: .75. Above .99 none is.
  public var beta: Float = 0.75
  /// After each kept box beta is multiplied by this while it lies above .5, 0 < eta <= 1: 1. For many boxes of high recall
  /// use beta .9 and eta .9996 (Hosang et al. 2015).
  public var eta: Float = 1
  /// Least score of a box: .01.
  public var minScore: Float = 0.01
  /// Most boxes that are given: 10,000.
  public var maxBoxes = 10_000
  /// Pixels with a weaker edge are left out: .1. More is faster.
  public var edgeMinMag: Float = 0.1
  /// A group of edge pixels grows until its changes of orientation sum up to this times pi: .5.
  public var edgeMergeThr: Float = 0.5
  /// Groups whose magnitudes sum up to less are dissolved into their neighbours: .5.
  public var clusterMinMag: Float = 0.5
  /// Largest ratio of the sides of the boxes that are tried: 3.
  public var maxAspectRatio: Float = 3
  /// Area of the smallest boxes that are tried, in pixels: 1000.
  public var minBoxArea: Float = 1000
  /// Sensitivity of the affinity between groups: 2.
  public var gamma: Float = 2
  /// The sum of contours is divided by the size to this power: 1.5.
  public var kappa: Float = 1.5

  public init() {}

  /// Absent settings take the defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read(_ key: CodingKeys, _ place: WritableKeyPath<Self, Float>) throws {
      if let value = try values.decodeIfPresent(Float.self, forKey: key) { self[keyPath: place] = value }
    }
    try read(.alpha, \.alpha)
    try read(.beta, \.beta)
    try read(.eta, \.eta)
    try read(.minScore, \.minScore)
    maxBoxes = try values.decodeIfPresent(Int.self, forKey: .maxBoxes) ?? maxBoxes
    try read(.edgeMinMag, \.edgeMinMag)
    try read(.edgeMergeThr, \.edgeMergeThr)
    try read(.clusterMinMag, \.clusterMinMag)
    try read(.maxAspectRatio, \.maxAspectRatio)
    try read(.minBoxArea, \.minBoxArea)
    try read(.gamma, \.gamma)
    try read(.kappa, \.kappa)
  }

  /// - Throws: `EngineError` naming the first parameter that is out of its range.
  public func check() throws {
    func require(_ name: String, _ value: Float, _ fits: Bool, _ range: String) throws {
      guard fits && value.isFinite else {
        throw EngineError(.format, "The Edge Boxes parameter \(name) must be \(range), not \(value).")
      }
    }
    // Closer to 1 the search has billions of windows.
    try require("alpha", alpha, alpha >= 0.1 && alpha <= 0.98, "from 0.1 to 0.98")
    try require("beta", beta, beta > 0 && beta <= 1, "above 0 and at most 1")
    try require("eta", eta, eta > 0 && eta <= 1, "above 0 and at most 1")
    try require("minScore", minScore, minScore >= 0, "at least 0")
    try require("maxBoxes", Float(maxBoxes), maxBoxes >= 1, "at least 1")
    try require("edgeMinMag", edgeMinMag, edgeMinMag >= 0, "at least 0")
    try require("edgeMergeThr", edgeMergeThr, edgeMergeThr > 0, "above 0")
    try require("clusterMinMag", clusterMinMag, clusterMinMag >= 0, "at least 0")
    try require("maxAspectRatio", maxAspectRatio, maxAspectRatio >= 1 && maxAspectRatio <= 100, "from 1 to 100")
    try require("minBoxArea", minBoxArea, minBoxArea >= 16, "at least 16")
    try require("gamma", gamma, gamma >= 0 && gamma <= 100, "from 0 to 100")
    try require("kappa", kappa, kappa >= 0 && kappa <= 10, "from 0 to 10")
  }
}
