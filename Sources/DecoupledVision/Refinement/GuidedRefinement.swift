/// Draws the borders of the scores to those of the image: a guided filter of each label's scores, led by the brightness
/// (He, Sun, Tang: Guided Image Filtering, ECCV 2010; for scores of labels: Hosni et al., CVPR 2011).
///
/// In each window the scores become a linear function of the brightness, so that they change where the image does.
struct GuidedRefinement: Refinement {
  static let name = "guided"
  static let summary = "moves borders of labels to edges of the image by a guided filter."
  static let settings = [
    RefinementSetting("radius", default: 4, 1...64, whole: true, "half the side of a window in pixels"),
    RefinementSetting(
      "epsilon", default: 0.001, 1e-6...1, "variance of brightness (0 to 1) below which a window is smoothed"),
  ]

  private let radius: Int
  private let epsilon: Float

  init(_ values: RefinementValues) {
    radius = Int(values["radius"])
    epsilon = Float(values["epsilon"])
  }

  /// Means of means.
  var reach: RefinementReach { .rows(2 * radius) }

  func refine(_ scores: inout ScoreStrip, of image: RGBImage) {
    let (width, labels) = (scores.width, scores.labels)
    let pixels = scores.rows.count * width
    let box = BoxMean(width: width, rows: scores.rows.count, radius: radius)
    let guide = Self.brightness(of: image, scores.rows)
    let guideMean = box.mean(guide, channels: 1)
    let guideSquare = box.mean(guide.map { $0 * $0 }, channels: 1)
    let scale = (0..<pixels).map { 1 / (guideSquare[$0] - guideMean[$0] * guideMean[$0] + epsilon) }

    // The slope and then the offset of each label's linear function take the place of its products and means.
    var slopes = [Float](unsafeUninitializedCapacity: pixels * labels) { target, count in
      for pixel in 0..<pixels {
        for place in pixel * labels..<(pixel + 1) * labels { target[place] = guide[pixel] * scores.values[place] }
      }
      count = pixels * labels
    }
    slopes = box.mean(slopes, channels: labels)
    var offsets = box.mean(scores.values, channels: labels)
    slopes.withUnsafeMutableBufferPointer { slopes in
      offsets.withUnsafeMutableBufferPointer { offsets in
        for pixel in 0..<pixels {
          for place in pixel * labels..<(pixel + 1) * labels {
            slopes[place] = (slopes[place] - guideMean[pixel] * offsets[place]) * scale[pixel]
            offsets[place] -= slopes[place] * guideMean[pixel]
          }
        }
      }
    }
    slopes = box.mean(slopes, channels: labels)
    offsets = box.mean(offsets, channels: labels)
    scores.values.withUnsafeMutableBufferPointer { target in
      for pixel in 0..<pixels {
        for place in pixel * labels..<(pixel + 1) * labels {
          target[place] = slopes[place] * guide[pixel] + offsets[place]
        }
      }
    }
  }

  /// Rec. 601 luma, 0 to 1.
  private static func brightness(of image: RGBImage, _ rows: Range<Int>) -> [Float] {
    image.pixels.withUnsafeBufferPointer { source in
      (rows.lowerBound * image.width..<rows.upperBound * image.width).map { pixel in
        (0.299 * Float(source[3 * pixel]) + 0.587 * Float(source[3 * pixel + 1]) + 0.114 * Float(source[3 * pixel + 2]))
          / 255
      }
    }
  }
}
