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

  public init() {}

  func cropping() throws -> CombinatorialCropping {
    guard context.count == 2, context[0] <= context[1] else {
      throw VisionError("context needs two ascending numbers, not \(context).")
    }
    if let share = wholeImageShare, !(0...1).contains(share) {
      throw VisionError("whole_image_share must lie between 0 and 1, not \(share).")
    }
    return try CombinatorialCropping(
      windowsPerSubset: windowsPerSubset, maximumSubsets: maximumSubsets,
      source: RandomWindowSource(enclosedShare: enclosedShare, context: context[0]...context[1]))
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension CroppingSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case context
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
  }
}
