import DecoupledBase

/// One photo of a data set with what is known about it.
public struct DatasetItem: Sendable, Equatable {
  /// Unique in its set; names the files that are written about it.
  public let id: String
  public let imagePath: String
  /// The mask that may be used; nil when there is none, or when the item is not in the strong list.
  public let maskPath: String?
  /// How the file at `maskPath` becomes class ids.
  public let maskForm: MaskForm
  /// Which of the L classes are present, from the lists; nil when the lists say nothing about this item.
  public let imageLabels: [Bool]?
  /// Which classes show only objects marked as difficult (0 in VOC lists), neither present nor absent for the
  /// precision.
  public let difficult: [Bool]

  public init(
    id: String, imagePath: String, maskPath: String? = nil, maskForm: MaskForm = .ids, imageLabels: [Bool]? = nil,
    difficult: [Bool] = []
  ) {
    self.id = id
    self.imagePath = imagePath
    self.maskPath = maskPath
    self.maskForm = maskForm
    self.imageLabels = imageLabels
    self.difficult = difficult
  }

  /// The item with what another one for the same photo knows beyond it.
  func joined(with other: DatasetItem) -> DatasetItem {
    DatasetItem(
      id: id, imagePath: imagePath, maskPath: maskPath ?? other.maskPath,
      maskForm: maskPath == nil ? other.maskForm : maskForm, imageLabels: imageLabels ?? other.imageLabels,
      difficult: imageLabels == nil ? other.difficult : difficult)
  }

  /// Reads the photo, turned upright.
  /// - Throws: `EngineError` when it cannot be read.
  public func readImage() throws -> RGBImage { try ImageReader.read(imagePath) }

  /// Reads the mask; nil when there is none that may be used.
  /// - Throws: `EngineError` when it cannot be read.
  public func readMask() throws -> LabelMap? { try maskPath.map(maskForm.read) }

  /// Reads photo and mask, and checks that they fit.
  ///
  /// Masks are expected to be drawn on the upright photo. Where the photo is stored turned and the mask has the size of
  /// the stored pixels only, the two would not match, so the item is refused. (For half turns, mirrored and square
  /// photos the sizes cannot tell; the mask is then taken to be upright.)
  /// - Throws: `EngineError` naming both files when the sizes differ, or when one cannot be read.
  public func read() throws -> (image: RGBImage, mask: LabelMap?) {
    let bytes = try FileAccess.read(imagePath)
    let image = try ImageReader.decode(bytes, name: imagePath)
    guard let maskPath, let mask = try readMask() else { return (image, nil) }
    let header = try ImageReader.header(bytes, name: imagePath)
    try Self.checkSizes(header: header, imagePath: imagePath, mask: mask, maskPath: maskPath)
    return (image, mask)
  }

  static func checkSizes(header: ImageHeader, imagePath: String, mask: LabelMap, maskPath: String) throws {
    if mask.width == header.uprightWidth && mask.height == header.uprightHeight { return }
    if mask.width == header.width && mask.height == header.height {
      throw EngineError(
        .format,
        "The photo '\(imagePath)' is stored turned (EXIF orientation \(header.orientation.rawValue)) and its mask "
          + "'\(maskPath)' is not turned with it; save the photo upright without the EXIF orientation.")
    }
    throw EngineError(
      .format,
      "The mask '\(maskPath)' has the size \(mask.width)x\(mask.height), its photo '\(imagePath)' "
        + "\(header.uprightWidth)x\(header.uprightHeight); they must be equal.")
  }
}
