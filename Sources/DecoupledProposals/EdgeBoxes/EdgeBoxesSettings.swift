import DecoupledBase

/// The parameters of Edge Boxes; names and defaults are the authors'.
public struct EdgeBoxesSettings: SettingGroup {
  public var alpha: Float = 0.65
  public var beta: Float = 0.75
  public var eta: Float = 1
  public var minScore: Float = 0.01
  public var maxBoxes = 10_000
  public var edgeMinMag: Float = 0.1
  public var edgeMergeThr: Float = 0.5
  public var clusterMinMag: Float = 0.5
  public var maxAspectRatio: Float = 3
  public var minBoxArea: Float = 1000
  public var gamma: Float = 2
  public var kappa: Float = 1.5

  public static let groupName = "Edge Boxes"
  public static let settings: [Setting<Self>] = [
    // Closer to 1 the search has billions of windows.
    .number(
      "alpha", \.alpha, .between(0.1, 0.98), "Overlap (IoU) of neighbouring windows of the search; more is slower."),
    .number(
      "beta", \.beta, .above(0, upTo: 1),
      "Boxes that overlap a better one by more than this (IoU) are dropped; above .99 none is."),
    .number(
      "eta", \.eta, .above(0, upTo: 1),
      "After each kept box beta is multiplied by this while it lies above .5; for many boxes of high recall use beta .9 and eta .9996 (Hosang et al. 2015)."
    ),
    .number("minScore", \.minScore, .atLeast(0), "Least score of a box."),
    .number("maxBoxes", \.maxBoxes, .atLeast(1), "Most boxes of an image."),
    .number("edgeMinMag", \.edgeMinMag, .atLeast(0), "Pixels with a weaker edge are left out; more is faster."),
    .number(
      "edgeMergeThr", \.edgeMergeThr, .above(0),
      "A group of edge pixels grows until its changes of orientation sum up to this times pi."),
    .number(
      "clusterMinMag", \.clusterMinMag, .atLeast(0),
      "Groups whose magnitudes sum up to less are dissolved into their neighbours."),
    .number(
      "maxAspectRatio", \.maxAspectRatio, .between(1, 100), "Largest ratio of the sides of the boxes that are tried."),
    .number(
      "minBoxArea", \.minBoxArea, .atLeast(16), "Area of the smallest boxes that are tried, in pixels."),
    .number("gamma", \.gamma, .between(0, 100), "Sensitivity of the affinity between groups."),
    .number("kappa", \.kappa, .between(0, 10), "The sum of contours is divided by the size to this power."),
  ]

  public init() {}

  /// - Throws: `EngineError` naming the first parameter that is out of its range.
  public func check() throws {
    if let problem { throw EngineError(.format, "The Edge Boxes parameter \(problem)") }
  }
}
