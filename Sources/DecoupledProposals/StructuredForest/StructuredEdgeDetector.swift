import DecoupledBase
import DecoupledVision
import Glibc

/// Edges of objects by a structured forest (Dollár and Zitnick, ICCV 2013 and PAMI 2015).
public struct StructuredEdgeDetector: EdgeDetector {
  public let forest: StructuredForest
  /// How far edges are moved to where the colours change, in rings of pixels: 0, 1 or 2.
  public let sharpening: Int
  /// Averages the edges of the photo at half, whole and double size: better and about five times slower.
  public let multiscale: Bool

  /// - Parameter sharpening: 2 when left out, 0 for a forest without segments, such as OpenCV's.
  /// - Throws: `EngineError` when the forest cannot be sharpened.
  public init(_ forest: StructuredForest, sharpening: Int? = nil, multiscale: Bool = false) throws {
    let sharpening = sharpening ?? (forest.canSharpen ? 2 : 0)
    guard (0...2).contains(sharpening) else {
      throw EngineError(.invalidArgument, "The sharpening must be 0, 1 or 2, not \(sharpening).")
    }
    guard sharpening == 0 || forest.canSharpen else {
      throw EngineError(
        .invalidArgument, "This forest holds no segments, so its edges cannot be sharpened; use a sharpening of 0.")
    }
    self.forest = forest
    self.sharpening = sharpening
    self.multiscale = multiscale
  }

  public var name: String {
    "structured forest of \(forest.trees.count) trees, sharpening \(sharpening)\(multiscale ? ", three scales" : "")"
  }

  public func edges(in image: RGBImage) throws -> EdgeMap {
    try ImageLimits.check(width: image.width, height: image.height, what: "The photo")
    let count = image.width * image.height
    let colours = image.colours
    var magnitude = strengths(colours)
    if multiscale {
      for (up, down) in [(1, 2), (2, 1)] {
        let (width, height) = (max(image.width * up / down, 1), max(image.height * up / down, 1))
        let scaled = try Resampling.resize(colours, width: width, height: height, kernel: .bilinear)
        var edges = FloatImage(width: width, height: height, channels: 1)
        edges.values = strengths(scaled)
        let back = try Resampling.resize(edges, width: image.width, height: image.height, kernel: .bilinear)
        for i in 0..<count { magnitude[i] += back.values[i] }
      }
      for i in 0..<count { magnitude[i] /= 3 }
    }
    let orientation = Self.orientation(magnitude, width: image.width, height: image.height)
    return EdgeMap(checkedWidth: image.width, image.height, magnitude, orientation)
  }

  /// The direction across edges, from the second derivatives of the smoothed magnitude.
  static func orientation(_ magnitude: [Float], width: Int, height: Int) -> [Float] {
    let smooth = PlaneFilter.triangle(magnitude, width: width, height: height, radius: 4)
    let (dx, dy) = PlaneFilter.gradient(smooth, width: width, height: height)
    let (dxx, dxy) = PlaneFilter.gradient(dx, width: width, height: height)
    let dyy = PlaneFilter.gradient(dy, width: width, height: height).y
    return magnitude.indices.map { i in
      let sign: Float = dxy[i] > 0 ? -1 : (dxy[i] < 0 ? 1 : 0)
      let angle = atanf(dyy[i] * sign / (dxx[i] + 1e-5))
      return angle < 0 ? max(angle + .pi, 0) : max(angle, 0)
    }
  }

  /// How strong the edges are; about 0...1.
  private func strengths(_ image: FloatImage) -> [Float] {
    let settings = forest.settings
    let authors = settings.features == .authors
    // OpenCV pads so that the first patch's inner square begins at the first pixel; the authors so that its middle does.
    let margin = authors ? settings.patchSize / 2 : (settings.patchSize - settings.innerSize) / 2
    let (right, bottom) = authors ? (-image.width & 3, -image.height & 3) : (0, 0)
    let padded = image.padded(left: margin, top: margin, right: margin + right, bottom: margin + bottom)
    let features = EdgeFeatures(padded, settings)
    let votes = ForestVotes(forest, features, padded, sharpening: sharpening)
    let sum = votes.run()
    let offset = authors ? settings.innerSize / 2 : 0
    let (width, height) = (image.width, image.height)
    var result = [Float](repeating: 0, count: width * height)
    for y in 0..<min(height, votes.height - offset) {
      for x in 0..<min(width, votes.width - offset) {
        result[y * width + x] = sum[(y + offset) * votes.width + x + offset]
      }
    }
    return PlaneFilter.triangle(
      result, width: width, height: height, radius: 1, border: authors ? .symmetric : .mirrored)
  }
}

extension RGBImage {
  /// The colours in planes, 0...1.
  var colours: FloatImage {
    let count = width * height
    var result = FloatImage(width: width, height: height, channels: 3)
    pixels.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for channel in 0..<3 {
          for i in 0..<count { target[channel &* count &+ i] = Float(source[3 &* i &+ channel]) / 255 }
        }
      }
    }
    return result
  }
}

extension FloatImage {
  /// Grows by mirrored pixels: ... b a | a b ...
  func padded(left: Int, top: Int, right: Int, bottom: Int) -> FloatImage {
    var result = FloatImage(width: left + width + right, height: top + height + bottom, channels: channels)
    let columns = (0..<result.width).map { PlaneFilter.Border.symmetric.index($0 - left, width) }
    for channel in 0..<channels {
      for y in 0..<result.height {
        let from = (channel * height + PlaneFilter.Border.symmetric.index(y - top, height)) * width
        let to = (channel * result.height + y) * result.width
        for x in 0..<result.width { result.values[to + x] = values[from + columns[x]] }
      }
    }
    return result
  }
}
