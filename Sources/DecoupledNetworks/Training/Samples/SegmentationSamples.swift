/// Where the samples of phase 2 come from: drawn by combinatorial cropping as they are needed, or read from a list.
protocol SegmentationSamples: Sendable {
  /// Samples of one epoch.
  var count: Int { get }
  /// - Parameters:
  ///   - number: of the sample in its epoch's data set, 0..<count.
  ///   - position: of the sample in the whole run; windows drawn anew depend on it.
  func sample(_ number: Int, position: Int) throws -> SegmentationSample
}
