import DecoupledBase

/// Label maps on top of photos.
public enum Overlay {
  /// Mixes the colours of the labels into a photo. Background and void stay as they are.
  /// - Parameters:
  ///   - opacity: the share of the label's colour, 0...1.
  ///   - contours: draws the borders of the regions in the full colour.
  /// - Throws: `EngineError` when the sizes differ or the opacity is out of range.
  public static func draw(
    _ image: RGBImage, labels: LabelMap, palette: Palette = .voc, opacity: Double = 0.5, contours: Bool = true
  ) throws -> RGBImage {
    guard image.width == labels.width, image.height == labels.height else {
      throw EngineError(
        .invalidArgument,
        "A label map of \(labels.width)x\(labels.height) cannot be drawn on a photo of \(image.width)x\(image.height).")
    }
    guard (0...1).contains(opacity) else {
      throw EngineError(.invalidArgument, "The opacity \(opacity) must be from 0 to 1.")
    }
    let share = Int((opacity * 256).rounded())
    var result = image
    let (width, height) = (image.width, image.height)
    labels.labels.withUnsafeBufferPointer { labels in
      result.pixels.withUnsafeMutableBufferPointer { pixels in
        for y in 0..<height {
          for x in 0..<width {
            let i = y * width + x
            let label = labels[i]
            let isBorder =
              contours
              && ((x + 1 < width && labels[i + 1] != label) || (x > 0 && labels[i - 1] != label)
                || (y + 1 < height && labels[i + width] != label) || (y > 0 && labels[i - width] != label))
            if label == 0 || label == LabelMap.void { continue }
            let part = isBorder ? 256 : share
            for c in 0..<3 {
              let colour = Int(palette.bytes[3 * Int(label) + c])
              pixels[3 * i + c] = UInt8((Int(pixels[3 * i + c]) * (256 - part) + colour * part + 128) >> 8)
            }
          }
        }
      }
    }
    return result
  }

  /// The label map in its colours alone.
  public static func colours(_ labels: LabelMap, palette: Palette = .voc) -> RGBImage {
    var result = RGBImage(width: labels.width, height: labels.height)
    for (i, label) in labels.labels.enumerated() {
      for c in 0..<3 { result.pixels[3 * i + c] = palette.bytes[3 * Int(label) + c] }
    }
    return result
  }
}
