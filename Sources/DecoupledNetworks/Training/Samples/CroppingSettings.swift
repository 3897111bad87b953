import DecoupledBase
import DecoupledVision

/// How combinatorial cropping (paper, section 5) makes phase 2's samples from the strong images.
public struct CroppingSettings: SettingGroup {
  public var windowsPerSubset = 200
  public var maximumSubsets = 255
  public var enclosedShare = 1.0
  public var context: [Double] = [0, 1]
  public var wholeImageShare: Double?
  public var fixedWindows = false
  public var proposals: ProposalSettings?

  public static let groupName = "the cropping"
  public static let settings: [Setting<Self>] = [
    .number(
      "windows_per_subset", \.windowsPerSubset, .atLeast(1),
      "Np of the paper: windows for each subset of an image's classes."),
    .number("maximum_subsets", \.maximumSubsets, .atLeast(1), "Largest number of subsets of one image."),
    .number(
      "enclosed_share", \.enclosedShare, .above(0, upTo: 1),
      "Least share of a subset's pixels inside a window; 1 encloses all of them."),
    .interval(
      "context", \.context, .between(0, 4),
      "The distance of a window's side from the foreground's box, as a share of the distance to the image's border, lies between these."
    ),
    .number(
      "whole_image_share", \.wholeImageShare, .between(0, 1),
      "Share of samples that show the whole image, as prediction does; left out, the paper's one per image (the Ns term)."
    ),
    .flag(
      "fixed_windows", \.fixedWindows,
      "Draws the windows of each subset once, as the released lists do, instead of new ones each time one is used."),
    .group("proposals", \.proposals, "Windows from object proposals beside random ones; left out, random ones alone."),
  ]

  public init() {}

  /// The cropping that the settings describe.
  /// - Throws: `EngineError` when one is out of its range.
  public func cropping() throws -> CombinatorialCropping {
    if let problem { throw EngineError(.format, "Cropping: \(problem)") }
    let random = try RandomWindowSource(enclosedShare: enclosedShare, context: context[0]...context[1])
    let source: any WindowSource =
      try proposals.map { try ProposalWindowSource(share: $0.share, growth: $0.growth, random: random) } ?? random
    return try CombinatorialCropping(
      windowsPerSubset: windowsPerSubset, maximumSubsets: maximumSubsets, source: source)
  }
}
