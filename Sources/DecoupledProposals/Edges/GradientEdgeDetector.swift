import DecoupledVision
import Glibc

/// Edges without training: the gradient of the smoothed colours, divided by its mean around.
///
/// It answers to texture as well as to outlines, so its proposals find fewer objects than those of a forest trained on masks
/// (docs/proposals.md has figures).
public struct GradientEdgeDetector: EdgeDetector, Equatable {
  /// Radius of the triangle that smooths the colours before their gradient is taken, in pixels.
  public let smoothing: Int
  /// Radius of the triangle over which the gradient's mean is taken, in pixels.
  public let normalisation: Int

  public init(smoothing: Int = 2, normalisation: Int = 8) {
    self.smoothing = max(smoothing, 0)
    self.normalisation = max(normalisation, 1)
  }

  public var name: String { "gradient edges" }

  /// Added to the mean gradient (of colours from 0 to 1), so that noise in even areas stays weak.
  private static let floor: Float = 0.03
  /// Brings the strongest edges to about 1: on a straight edge the triangle's mean is far below its peak.
  private static let gain: Float = 0.2

  public func edges(in image: RGBImage) throws -> EdgeMap {
    try ImageLimits.check(width: image.width, height: image.height, what: "The photo")
    let (width, height) = (image.width, image.height)
    let count = width * height
    var magnitude = [Float](repeating: 0, count: count)
    var orientation = magnitude
    for channel in 0..<3 {
      var plane = magnitude
      for i in 0..<count { plane[i] = Float(image.pixels[3 * i + channel]) / 255 }
      plane = PlaneFilter.triangle(plane, width: width, height: height, radius: smoothing)
      let gradient = PlaneFilter.gradient(plane, width: width, height: height)
      for i in 0..<count {
        let (dx, dy) = (gradient.x[i], gradient.y[i])
        let square = dx * dx + dy * dy
        if square > magnitude[i] || channel == 0 {
          magnitude[i] = square
          let angle = atan2f(dy, dx)
          orientation[i] = angle < 0 ? max(angle + .pi, 0) : angle
        }
      }
    }
    for i in 0..<count { magnitude[i] = magnitude[i].squareRoot() }
    let mean = PlaneFilter.triangle(magnitude, width: width, height: height, radius: normalisation)
    for i in 0..<count { magnitude[i] = min(Self.gain * magnitude[i] / (mean[i] + Self.floor), 1) }
    return EdgeMap(checkedWidth: width, height, magnitude, orientation)
  }
}
