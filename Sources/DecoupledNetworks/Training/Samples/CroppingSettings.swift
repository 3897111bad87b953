import DecoupledBase
import DecoupledVision

/// How combinatorial cropping (paper, section 5) makes phase 2's samples from the strong images.
public struct CroppingSettings: Sendable, Equatable {
  /// Np: windows for each subset of an image's classes, 200 in the paper.
  public var windowsPerSubset = 200
  /// Largest number of subsets of one image.
  public var maximumSubsets = 255
  /// Least share of a subset's pixels inside a window; 1 encloses all of them.
  public var enclosedShare = 1.0
  /// The distance of a window's side from the foreground's box as a share of the distance to the image's border, between
  /// these two numbers.
  public var context: [Double] = [0, 1]
  /// Share of samples that show the whole image, as prediction does; nil for the paper's one per image (the Ns term).
  public var wholeImageShare: Double?
  /// Draws the Np windows of each subset once, as the released lists do, instead of new ones each time one is used.
  public var fixedWindows = false
  /// Windows from object proposals beside random ones; nil for random ones alone.
  public var proposals: ProposalSettings?

  public init() {}

  /// The cropping that the settings describe.
  /// - Throws: `EngineError` when one is out of its range.
  public func cropping() throws -> CombinatorialCropping {
    guard context.count == 2, context[0] <= context[1] else {
      throw EngineError(.format, "context needs two ascending numbers, not \(context).")
    }
    if let share = wholeImageShare, !(0...1).contains(share) {
      throw EngineError(.format, "whole_image_share must lie between 0 and 1, not \(share).")
    }
    let random = try RandomWindowSource(enclosedShare: enclosedShare, context: context[0]...context[1])
    let source: any WindowSource =
      try proposals.map { try ProposalWindowSource(share: $0.share, growth: $0.growth, random: random) } ?? random
    return try CombinatorialCropping(
      windowsPerSubset: windowsPerSubset, maximumSubsets: maximumSubsets, source: source)
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension CroppingSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case context, proposals
    case windowsPerSubset = "windows_per_subset"
    case maximumSubsets = "maximum_subsets"
    case enclosedShare = "enclosed_share"
    case wholeImageShare = "whole_image_share"
    case fixedWindows = "fixed_windows"
  }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "the cropping")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(.windowsPerSubset, into: &windowsPerSubset)
    try values.read(.maximumSubsets, into: &maximumSubsets)
    try values.read(.enclosedShare, into: &enclosedShare)
    try values.read(.context, into: &context)
    wholeImageShare = try values.decodeIfPresent(Double.self, forKey: .wholeImageShare)
    try values.read(.fixedWindows, into: &fixedWindows)
    proposals = try values.decodeIfPresent(ProposalSettings.self, forKey: .proposals)
  }
}

/// Which object proposals combinatorial cropping uses.
public struct ProposalSettings: Sendable, Equatable {
  /// Largest share of the windows that come from proposals; the paper does not give it.
  public var share = 0.5
  /// Proposals of an image that are looked at, the best first.
  public var count = 1000
  /// A proposal grows by this share of its size on every side before it must enclose the foreground.
  public var growth = 0.0
  /// Proposals that overlap a better one by more than this (IoU) are left out; more gives more of them around each object.
  public var beta = 0.75
  /// A forest trained on masks (`decoupled train edges`) that finds the edges; nil for plain gradients.
  public var edges: String?

  public init() {}

  /// - Throws: when a setting is out of its range or the forest cannot be read.
  public func proposer(from source: (any ProposalSource)?) throws -> any WindowProposer {
    guard (1...10_000).contains(count) else {
      throw EngineError(.format, "The count of proposals must lie between 1 and 10000, not \(count).")
    }
    guard let source else {
      throw EngineError(.unsupported, "Nothing finds object proposals here; leave the setting 'proposals' out.")
    }
    return try source.proposer(count: count, overlap: beta, forest: edges)
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension ProposalSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable { case share, count, growth, beta, edges }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "the proposals")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(.share, into: &share)
    try values.read(.count, into: &count)
    try values.read(.growth, into: &growth)
    try values.read(.beta, into: &beta)
    edges = try values.decodeIfPresent(String.self, forKey: .edges)
  }
}
