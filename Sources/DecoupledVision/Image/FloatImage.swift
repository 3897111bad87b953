import DecoupledBase

/// Real values in planes: score maps and network inputs, shape (channels, height, width).
public struct FloatImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public let channels: Int
  /// `channels * height * width` values.
  public var values: [Float]

  /// An image that is 0 everywhere.
  public init(width: Int, height: Int, channels: Int) {
    self.width = width
    self.height = height
    self.channels = channels
    values = [Float](repeating: 0, count: channels * width * height)
  }

  /// - Throws: `EngineError` when the size is refused or the number of values does not fit it.
  public init(width: Int, height: Int, channels: Int, values: [Float]) throws {
    try ImageLimits.check(width: width, height: height, what: "The image")
    guard channels > 0, values.count == channels * width * height else {
      throw EngineError(
        .format,
        "An image of shape (\(channels), \(height), \(width)) needs \(channels * width * height) "
          + "values, not \(values.count).")
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.values = values
  }
}
