import DecoupledVision

/// How a family turns images into scores and maps. Belongs to one thread at a time.
public protocol InferenceProcedure: AnyObject {
  /// Whether `segment` can be called: the model has all that it takes.
  var canSegment: Bool { get }
  /// The score of each class for each image, 0...1.
  /// - Parameter inputs: preprocessed, [3, S, S] each; at most `imagesPerBatch`.
  func classify(_ inputs: [[Float]]) throws -> [[Float]]
  /// Segments the images of the last call of `classify`.
  /// - Parameters:
  ///   - scores: what `classify` gave for them.
  ///   - labels: for each image the classes to segment, or nil to let the procedure decide.
  func segment(scores: [[Float]], labels: [[Int]?]) throws -> [SegmentedImage]
}

/// What a family finds in one image, at the size of the network's input.
public struct SegmentedImage {
  /// Indices of the identified (or given) classes, ascending.
  let identified: [Int]
  let maps: ScoreMaps
  /// Class-specific activation maps of the identified classes, in their order; empty unless they were asked for.
  var activationMaps: [FloatImage] = []
}
