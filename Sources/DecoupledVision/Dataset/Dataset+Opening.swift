import DecoupledBase

extension Dataset {
  /// The layouts that can be opened.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Whichever of the others the folder fits.
    case automatic
    /// The VOC devkit (`VOCDataset`).
    case voc
    /// images, masks, labels.csv (`FolderDataset`).
    case folder
    /// The Semantic Boundaries Dataset (`SBDDataset`).
    case sbd
    /// COCO with objects (`COCODataset`).
    case coco
    /// COCO with panoptic segments (`COCODataset`).
    case cocoPanoptic = "coco-panoptic"
    /// ADE20K's challenge (`ADE20KDataset`).
    case ade20k
    /// Photos with JSON files of LabelMe (`LabelMeDataset`).
    case labelMe = "labelme"
  }

  /// What to take from a data set folder.
  public struct Options: Sendable, Equatable, Codable {
    public var kind = Kind.automatic
    /// The list of items: `train`, `val`, ...; nil in the plain folder layout means all images.
    public var set: String?
    /// The list (name, or path of a file) of items whose masks may be used; nil allows every mask there is.
    public var strong: String?
    /// Derives image-level labels from the masks that may be used instead of the lists. Off, because it turns weak
    /// supervision into strong.
    public var labelsFromMasks: Bool
    /// The mask folder of the VOC layout.
    public var maskFolder: String
    /// An official list of training windows whose paths begin at the folder (`CropListFile`); nothing else is read then.
    public var list: String?
    /// A folder of SBD, whose masks the VOC layout takes where it has none of its own. With it the sets `train_aug` and
    /// `trainval_aug` are there without a list.
    public var extraMasks: String?
    /// Changes of the ids in PNG masks.
    public var ids = IDChange()
    public var coco = COCOSettings()

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

  /// Opens a data set.
  /// - Throws: `EngineError` when the folder is of no known kind, or as the loader of its kind does.
  public static func open(_ path: String, options: Options = Options()) throws -> Dataset {
    guard FileAccess.isFolder(path) else { throw EngineError(.format, "There is no data set folder '\(path)'.") }
    let dataset = try opened(path, options)
    return options.labelsFromMasks ? try dataset.labelledFromMasks() : dataset
  }

  /// As `open(_:options:)`.
  public static func open(
    _ path: String, set: String?, strong: String? = nil, labelsFromMasks: Bool = false
  ) throws -> Dataset {
    try open(path, options: Options(set: set, strong: strong, labelsFromMasks: labelsFromMasks))
  }

  private static func opened(_ path: String, _ options: Options) throws -> Dataset {
    if let list = options.list { return try CropListFile.open(list, root: path) }
    var options = options
    if options.kind == .automatic { options.kind = try kind(of: path) }
    if options.extraMasks != nil && options.kind != .voc {
      throw EngineError(
        .format, "Extra masks belong to a data set in the VOC layout; '\(path)' is opened as \(options.kind.rawValue).")
    }
    if !options.ids.isNone && ![.voc, .folder, .ade20k].contains(options.kind) {
      throw EngineError(
        .format, "Ids can be changed in PNG masks of class ids only; '\(path)' is opened as \(options.kind.rawValue).")
    }
    switch options.kind {
    case .voc: return try VOCDataset.open(path, options: options)
    case .sbd: return try SBDDataset.open(path, options: options)
    case .coco, .cocoPanoptic: return try COCODataset.open(path, options: options)
    case .ade20k: return try ADE20KDataset.open(path, options: options)
    case .labelMe: return try LabelMeDataset.open(path, options: options)
    case .folder, .automatic: return try FolderDataset.open(path, options: options)
    }
  }

  /// The kind that a folder looks like.
  /// - Throws: `EngineError` when it looks like none.
  public static func kind(of path: String) throws -> Kind {
    if VOCDataset.root(in: path) != nil { return .voc }
    if SBDDataset.root(in: path) != nil { return .sbd }
    if !COCODataset.sets(in: path, kind: .coco).isEmpty { return .coco }
    if !COCODataset.sets(in: path, kind: .cocoPanoptic).isEmpty { return .cocoPanoptic }
    if ADE20KDataset.fits(path) { return .ade20k }
    if FolderDataset.fits(path) { return .folder }
    if LabelMeDataset.fits(path) { return .labelMe }
    throw EngineError(
      .format,
      "'\(path)' is no data set: it has neither JPEGImages and ImageSets (VOC layout) nor images (plain layout), nor what "
        + "SBD, COCO, ADE20K or LabelMe have.")
  }

  /// All sets of a data set by name, for going through all of its images: the lists, or the folders that stand for them.
  /// Empty when there are no sets, so that all images are one.
  public static func sets(in path: String, kind: Kind) throws -> [String] {
    switch kind == .automatic ? try self.kind(of: path) : kind {
    case .voc: return VOCDataset.sets(in: path)
    case .sbd: return textLists(in: SBDDataset.root(in: path) ?? path, except: [])
    case .coco: return COCODataset.sets(in: path, kind: .coco)
    case .cocoPanoptic: return COCODataset.sets(in: path, kind: .cocoPanoptic)
    case .ade20k: return ADE20KDataset.sets(in: path)
    case .folder, .automatic: return try FolderDataset.sets(in: path, photos: FilePaths.join(path, "images"))
    case .labelMe: return try FolderDataset.sets(in: path, photos: path)
    }
  }

  /// The names of text files in a folder that may be lists of ids.
  static func textLists(in folder: String, except others: Set<String>) -> [String] {
    let names = (try? FileAccess.names(in: folder)) ?? []
    return names.filter { FilePaths.fileExtension(of: $0) == "txt" }.map(FilePaths.stem(of:))
      .filter { !others.contains($0) }
  }

  /// The set that is meant where none is named: to train on (`train`) or to measure on (`val`), under the name that the
  /// layout has for it. Nil when the layout has no such set: all images then.
  public static func usualSet(_ purpose: String, in path: String, kind: Kind = .automatic) -> String? {
    guard let kind = kind == .automatic ? try? self.kind(of: path) : kind else { return nil }
    switch kind {
    case .voc, .sbd: return purpose
    case .ade20k: return purpose == "val" ? "validation" : "training"
    case .coco, .cocoPanoptic:
      let found = COCODataset.sets(in: path, kind: kind).filter { $0.hasPrefix(purpose) }
      return found.count == 1 ? found[0] : nil
    case .folder, .labelMe, .automatic:
      return FileAccess.isFile(FilePaths.join(path, purpose + ".txt")) ? purpose : nil
    }
  }
}
