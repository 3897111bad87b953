import DecoupledBase

/// One class id a pixel: 0 is background, 1...L are objects, 255 is void (not counted and not trained on).
public struct LabelMap: Sendable, Equatable {
  /// The id that marks pixels without a label.
  public static let void: UInt8 = 255

  public let width: Int
  public let height: Int
  /// `height * width` ids, rows from top to bottom.
  public var labels: [UInt8]

  /// A map that is `fill` everywhere (default background).
  public init(width: Int, height: Int, fill: UInt8 = 0) {
    self.width = width
    self.height = height
    labels = [UInt8](repeating: fill, count: width * height)
  }

  /// - Throws: `EngineError` when the size is refused or the number of labels does not fit it.
  public init(width: Int, height: Int, labels: [UInt8]) throws {
    try ImageLimits.check(width: width, height: height, what: "The label map")
    guard labels.count == width * height else {
      throw EngineError(
        .format, "A label map of \(width)x\(height) needs \(width * height) labels, not \(labels.count).")
    }
    self.width = width
    self.height = height
    self.labels = labels
  }

  /// The label at column `x` and row `y`, both from 0.
  public subscript(x: Int, y: Int) -> UInt8 {
    get { labels[y * width + x] }
    set { labels[y * width + x] = newValue }
  }

  /// How many pixels carry each of the 256 ids.
  public func histogram() -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    labels.withUnsafeBufferPointer { source in
      counts.withUnsafeMutableBufferPointer { target in
        for label in source { target[Int(label)] += 1 }
      }
    }
    return counts
  }

  /// The object ids that occur, ascending, without background and void.
  public func objectLabels() -> [UInt8] {
    let counts = histogram()
    return (1..<255).filter { counts[$0] > 0 }.map { UInt8($0) }
  }
}
