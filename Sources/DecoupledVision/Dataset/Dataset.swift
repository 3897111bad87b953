/// One photo of a data set with what is known about it.
public struct DatasetItem: Sendable, Equatable {
  /// Unique in its set; names the files that are written about it.
  public let id: String
  public let imagePath: String
  /// The mask that may be used; nil when there is none, or when the item is not in the strong list.
  public let maskPath: String?
  /// Which of the L classes are present, from the lists; nil when the lists say nothing about this item.
  public let imageLabels: [Bool]?
  /// Which classes show only objects marked as difficult (0 in VOC lists), neither present nor absent for the
  /// precision.
  public let difficult: [Bool]

  public init(
    id: String, imagePath: String, maskPath: String? = nil, imageLabels: [Bool]? = nil, difficult: [Bool] = []
  ) {
    self.id = id
    self.imagePath = imagePath
    self.maskPath = maskPath
    self.imageLabels = imageLabels
    self.difficult = difficult
  }

  /// Reads the photo, turned upright.
  /// - Throws: `VisionError` when it cannot be read.
  public func readImage() throws -> RGBImage { try ImageReader.read(imagePath) }

  /// Reads the mask; nil when there is none that may be used.
  /// - Throws: `VisionError` when it cannot be read.
  public func readMask() throws -> LabelMap? { try maskPath.map(MaskReader.read) }

  /// Reads photo and mask, and checks that they fit.
  ///
  /// Masks are expected to be drawn on the upright photo. Where the photo is stored turned and the mask has the size of
  /// the stored pixels only, the two would not match, so the item is refused. (For half turns, mirrored and square
  /// photos the sizes cannot tell; the mask is then taken to be upright.)
  /// - Throws: `VisionError` naming both files when the sizes differ, or when one cannot be read.
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
      throw VisionError(
        "The photo '\(imagePath)' is stored turned (EXIF orientation \(header.orientation.rawValue)) and its mask "
          + "'\(maskPath)' is not turned with it; save the photo upright without the EXIF orientation.")
    }
    throw VisionError(
      "The mask '\(maskPath)' has the size \(mask.width)x\(mask.height), its photo '\(imagePath)' "
        + "\(header.uprightWidth)x\(header.uprightHeight); they must be equal.")
  }
}

/// Photos with their image-level labels and masks.
public struct Dataset: Sendable, Equatable {
  public let classes: ClassList
  public let items: [DatasetItem]

  public init(classes: ClassList, items: [DatasetItem]) {
    self.classes = classes
    self.items = items
  }

  /// Items whose mask may be used.
  public var strongItems: [DatasetItem] { items.filter { $0.maskPath != nil } }

  /// Items with image-level labels.
  public var labelledItems: [DatasetItem] { items.filter { $0.imageLabels != nil } }

  /// What to take from a data set folder.
  public struct Options: Sendable, Equatable, Codable {
    /// The list of items: `train`, `val`, ...; nil in the plain folder layout means all images.
    public var set: String?
    /// The list (name, or path of a file) of items whose masks may be used; nil allows every mask there is.
    public var strong: String?
    /// Derives image-level labels from the masks that may be used instead of the lists. Off, because it turns weak
    /// supervision into strong.
    public var labelsFromMasks: Bool
    /// The mask folder of the VOC layout.
    public var maskFolder: String

    public init(
      set: String? = nil, strong: String? = nil, labelsFromMasks: Bool = false,
      maskFolder: String = "SegmentationClass"
    ) {
      self.set = set
      self.strong = strong
      self.labelsFromMasks = labelsFromMasks
      self.maskFolder = maskFolder
    }
  }

  /// Opens a folder in the VOC layout (`VOCDataset`) or the plain one (`FolderDataset`), whichever it is.
  /// - Throws: `VisionError` when it is neither, or as the two loaders do.
  public static func open(_ path: String, options: Options = Options()) throws -> Dataset {
    guard FileAccess.isFolder(path) else {
      throw VisionError("There is no data set folder '\(path)'.")
    }
    if VOCDataset.root(in: path) != nil { return try VOCDataset.open(path, options: options) }
    if FolderDataset.fits(path) { return try FolderDataset.open(path, options: options) }
    throw VisionError(
      "'\(path)' is no data set: it has neither JPEGImages and ImageSets (VOC layout) nor images (plain layout).")
  }

  /// As `open(_:options:)`.
  public static func open(
    _ path: String, set: String?, strong: String? = nil, labelsFromMasks: Bool = false
  ) throws -> Dataset {
    try open(path, options: Options(set: set, strong: strong, labelsFromMasks: labelsFromMasks))
  }

  /// The same items with image-level labels taken from the masks that may be used; without such a mask they become nil.
  /// - Throws: `VisionError` when a mask cannot be read or holds an id that is no class.
  public func labelledFromMasks() throws -> Dataset {
    let items = try items.map { item in
      var labels: [Bool]?
      if let path = item.maskPath {
        var present = [Bool](repeating: false, count: classes.count)
        for id in try MaskReader.read(path).objectLabels() {
          guard Int(id) <= classes.count else {
            throw VisionError("The mask '\(path)' holds the id \(id), but there are only \(classes.count) classes.")
          }
          present[Int(id) - 1] = true
        }
        labels = present
      }
      return DatasetItem(id: item.id, imagePath: item.imagePath, maskPath: item.maskPath, imageLabels: labels)
    }
    return Dataset(classes: classes, items: items)
  }
}
