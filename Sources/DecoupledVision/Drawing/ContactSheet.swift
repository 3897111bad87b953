import DecoupledBase

/// Many images on one.
public enum ContactSheet {
  /// Places images in rows; each cell is as large as the largest image, with a border around it.
  /// - Parameters:
  ///   - columns: images in a row.
  ///   - padding: pixels between images and around them.
  ///   - background: the colour of the paper.
  /// - Throws: `EngineError` when there is no image, a number is out of range or the sheet gets too large.
  public static func draw(
    _ images: [RGBImage], columns: Int, padding: Int = 4, background: (UInt8, UInt8, UInt8) = (255, 255, 255)
  ) throws -> RGBImage {
    guard let width = images.map(\.width).max(), let height = images.map(\.height).max() else {
      throw EngineError(.invalidArgument, "A contact sheet needs at least one image.")
    }
    guard (1...ImageLimits.side).contains(columns), (0...ImageLimits.side).contains(padding) else {
      throw EngineError(
        .invalidArgument, "A contact sheet cannot have \(columns) columns with a padding of \(padding).")
    }
    let across = min(columns, images.count)
    let rows = (images.count + across - 1) / across
    let (stepX, stepY) = (width + padding, height + padding)
    try ImageLimits.check(width: across * stepX + padding, height: rows * stepY + padding, what: "The contact sheet")
    var sheet = RGBImage(width: across * stepX + padding, height: rows * stepY + padding, fill: background)
    for (i, image) in images.enumerated() {
      sheet.paste(image, x: padding + i % across * stepX, y: padding + i / across * stepY)
    }
    return sheet
  }
}
