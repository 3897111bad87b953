import DecoupledBase

/// Small pictures of training windows, for a contact sheet.
public struct CropPreview {
  /// Most pictures that are kept: crops are thinned out evenly as more come.
  public let limit: Int
  /// Side of a picture in pixels.
  public let size: Int
  private var step = 1
  private var pictures: [(number: Int, image: RGBImage)] = []

  /// - Throws: `EngineError` when a number is out of range.
  public init(limit: Int = 60, size: Int = 128) throws {
    guard (2...4096).contains(limit), (16...1024).contains(size) else {
      throw EngineError(
        .invalidArgument, "A preview shows 2 to 4096 pictures of 16 to 1024 pixels, not \(limit) of \(size).")
    }
    self.limit = limit
    self.size = size
  }

  /// Keeps a picture of a crop when its turn has come: the window as the network sees it, the subset's pixels coloured,
  /// void grey.
  /// - Throws: `EngineError` when the window cannot be cut.
  public mutating func add(
    number: Int, image: RGBImage, mask: LabelMap, crop: CombinatorialCropping.Crop
  ) throws {
    guard number % step == 0 else { return }
    if pictures.count == limit {
      step *= 2
      let step = step
      pictures.removeAll { $0.number % step != 0 }
      guard number % step == 0 else { return }
    }
    let shown = try Resampling.resizeLinear(image.cut(crop.window), width: size, height: size)
    var labels = try Resampling.resizeNearest(mask.cut(crop.window), width: size, height: size)
    let chosen = Set(crop.subset)
    for i in labels.labels.indices where !chosen.contains(labels.labels[i]) { labels.labels[i] = 0 }
    pictures.append((number, try Overlay.draw(shown, labels: labels)))
  }

  /// The pictures in rows.
  /// - Throws: `EngineError` when there are none.
  public func sheet(columns: Int = 10) throws -> RGBImage {
    try ContactSheet.draw(pictures.map(\.image), columns: columns)
  }
}
