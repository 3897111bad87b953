import DecoupledBase
import DecoupledVision
import Glibc

/// How strong an edge is at each pixel, and where it points.
public struct EdgeMap: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// Shape (height, width), about 0...1.
  public let magnitude: [Float]
  /// Shape (height, width): the direction across the edge in radians, from 0 (the edge is vertical, its normal points along
  /// the row) over pi/2 (a horizontal edge) to below pi; rows grow downwards.
  public let orientation: [Float]

  /// - Throws: `EngineError` when the size is refused, the number of values does not fit it, or a value is not finite or an
  ///   angle outside 0...pi.
  public init(width: Int, height: Int, magnitude: [Float], orientation: [Float]) throws {
    try ImageLimits.check(width: width, height: height, what: "The edge map")
    guard magnitude.count == width * height, orientation.count == width * height else {
      throw EngineError(
        .invalidArgument,
        "An edge map of \(width)x\(height) needs \(width * height) magnitudes and orientations, "
          + "not \(magnitude.count) and \(orientation.count).")
    }
    guard magnitude.allSatisfy(\.isFinite) else {
      throw EngineError(.invalidArgument, "The edge map holds a magnitude that is no number.")
    }
    guard let largest = orientation.max(), orientation.allSatisfy({ $0 >= 0 }), largest <= Self.halfTurn else {
      throw EngineError(
        .invalidArgument, "The orientations of an edge map are angles from 0 to pi; this one holds others.")
    }
    self.init(checkedWidth: width, height, magnitude, orientation)
  }

  /// Pi to the nearest, which lies above it.
  private static let halfTurn = Float(Double.pi)

  /// Values that are known to be right.
  init(checkedWidth width: Int, _ height: Int, _ magnitude: [Float], _ orientation: [Float]) {
    self.width = width
    self.height = height
    self.magnitude = magnitude
    self.orientation = orientation
  }

  /// Non-maximum suppression: an edge stays where it is strongest across itself.
  /// - Parameters:
  ///   - radius: compared with the (bilinear) magnitudes up to so many pixels away along the orientation.
  ///   - border: magnitudes fade out linearly within so many pixels of the image's border.
  ///   - tolerance: the magnitude is multiplied by this before it is compared.
  ///
  /// Edge Boxes wants the defaults; a picture of the edges looks best with radius 1, border 5, tolerance 1.01.
  public func thinned(radius: Int = 2, border: Int = 0, tolerance: Float = 1) -> EdgeMap {
    var result = magnitude
    let (right, bottom) = (Float(width) - 1.001, Float(height) - 1.001)
    guard right > 0, bottom > 0 else { return self }
    magnitude.withUnsafeBufferPointer { source in
      func value(_ x: Float, _ y: Float) -> Float {
        let (x, y) = (min(max(x, 0), right), min(max(y, 0), bottom))
        let (left, top) = (Int(x), Int(y))
        let (fx, fy) = (x - Float(left), y - Float(top))
        let i = top * width + left
        return source[i] * (1 - fx) * (1 - fy) + source[i + 1] * fx * (1 - fy) + source[i + width] * (1 - fx) * fy
          + source[i + width + 1] * fx * fy
      }
      for y in 0..<height {
        for x in 0..<width where source[y * width + x] != 0 {
          let i = y * width + x
          let (cosine, sine) = (cosf(orientation[i]), sinf(orientation[i]))
          let strength = source[i] * tolerance
          for distance in -radius...radius where distance != 0 {
            let d = Float(distance)
            if strength < value(Float(x) + d * cosine, Float(y) + d * sine) {
              result[i] = 0
              break
            }
          }
        }
      }
    }
    Self.fade(&result, width: width, height: height, border: border)
    return EdgeMap(checkedWidth: width, height, result, orientation)
  }

  private static func fade(_ plane: inout [Float], width: Int, height: Int, border: Int) {
    let reach = min(border, width / 2, height / 2)
    guard reach > 0 else { return }
    for y in 0..<height {
      for x in 0..<width {
        let across = min(x, width - 1 - x, reach)
        let down = min(y, height - 1 - y, reach)
        plane[y * width + x] *= Float(across) / Float(reach) * (Float(down) / Float(reach))
      }
    }
  }

  /// The magnitudes as an image of one channel, for `HeatMap`.
  public var image: FloatImage {
    var image = FloatImage(width: width, height: height, channels: 1)
    image.values = magnitude
    return image
  }
}
