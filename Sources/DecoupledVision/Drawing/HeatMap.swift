import DecoupledBase

/// Maps of real values in colours.
public enum HeatMap {
  /// Dark blue over green to yellow: brightness grows evenly with the value, also for colour-blind eyes and in print.
  private static let anchors: [SIMD3<Double>] = [
    [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99],
    [170, 220, 50], [253, 231, 37],
  ]

  /// The colour of a value from 0 to 1; what is outside, or not a number, takes the nearer end.
  public static func colour(_ value: Double) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let place = (value.isNaN ? 0 : min(max(value, 0), 1)) * Double(anchors.count - 1)
    let left = min(Int(place), anchors.count - 2)
    let share = place - Double(left)
    let mixed = anchors[left] * (1 - share) + anchors[left + 1] * share
    return (UInt8(mixed.x.rounded()), UInt8(mixed.y.rounded()), UInt8(mixed.z.rounded()))
  }

  /// Draws one channel of a float image.
  /// - Parameters:
  ///   - range: the values of the darkest and the brightest colour; nil takes the least and the greatest finite value.
  ///   - image: a photo below; the map is resized to it (bilinear). Without it the result has the size of the map.
  ///   - opacity: the share of the map's colour over a photo, 0...1.
  /// - Throws: `EngineError` when the channel does not exist or the opacity is out of range.
  public static func draw(
    _ values: FloatImage, channel: Int = 0, range: ClosedRange<Float>? = nil, over image: RGBImage? = nil,
    opacity: Double = 0.6
  ) throws -> RGBImage {
    guard (0..<values.channels).contains(channel) else {
      throw EngineError(.invalidArgument, "The map has \(values.channels) channels, so there is no channel \(channel).")
    }
    guard (0...1).contains(opacity) else {
      throw EngineError(.invalidArgument, "The opacity \(opacity) must be from 0 to 1.")
    }
    let plane = values.width * values.height
    var map = try FloatImage(
      width: values.width, height: values.height, channels: 1,
      values: Array(values.values[(channel * plane)..<((channel + 1) * plane)]))
    let range = range ?? extent(map.values)
    let span = Double(range.upperBound - range.lowerBound)
    if let image { map = try Resampling.resizeLinear(map, width: image.width, height: image.height) }
    var result = image ?? RGBImage(width: map.width, height: map.height)
    let share = image == nil ? 1 : opacity
    for i in map.values.indices {
      let place = span > 0 ? Double(map.values[i] - range.lowerBound) / span : 0
      let colour = colour(place)
      for (c, value) in [colour.red, colour.green, colour.blue].enumerated() {
        let below = Double(result.pixels[3 * i + c])
        result.pixels[3 * i + c] = UInt8((below * (1 - share) + Double(value) * share).rounded())
      }
    }
    return result
  }

  private static func extent(_ values: [Float]) -> ClosedRange<Float> {
    let finite = values.lazy.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return 0...1 }
    return low...high
  }
}
