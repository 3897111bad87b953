/// Finds windows of photos that are likely to show an object.
public protocol WindowProposer: Sendable {
  /// Windows inside the photo, the best first.
  func windows(in image: RGBImage) throws -> [Window]
}
