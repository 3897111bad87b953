import DecoupledBase

/// The layout of the PASCAL VOC devkit:
/// ```
/// JPEGImages/<id>.jpg                    photos (also .jpeg and .png)
/// SegmentationClass/<id>.png             masks: palette PNG of class ids, 255 is void
/// ImageSets/Segmentation/<set>.txt       ids, one a line, or `imagepath maskpath` (both from the root)
/// ImageSets/Main/<class>_<set>.txt       image-level labels: `id 1`, `id -1`, or `id 0` (only difficult objects)
/// classes.txt                            class names, id = line number; without it the 20 classes of VOC
/// ```
public enum VOCDataset {
  /// The folder with JPEGImages: `path`, `path/VOC2012` or `path/VOCdevkit/VOC2012`; nil when there is none.
  public static func root(in path: String) -> String? {
    ["", "VOC2012", "VOCdevkit/VOC2012"].map { $0.isEmpty ? path : FilePaths.join(path, $0) }
      .first { FileAccess.isFolder(FilePaths.join($0, "JPEGImages")) }
  }

  /// The sets that `ImageSets/Segmentation` lists.
  static func sets(in path: String) -> [String] {
    guard let root = root(in: path) else { return [] }
    return Dataset.textLists(in: FilePaths.join(root, "ImageSets/Segmentation"), except: [])
  }

  /// Opens a set. Its items are the ids of `ImageSets/Segmentation/<set>.txt`; without that file those of
  /// `ImageSets/Main/<set>.txt` or of the class lists of that set. An id without a line in the lists of its set is
  /// looked up in those of trainval, train and val; where these say nothing either, `imageLabels` is nil.
  ///
  /// With extra masks (SBD) an item without a mask of its own takes one of those, and the sets `train_aug` (training images
  /// of VOC and all of SBD but for VOC's validation images: 10,582) and `trainval_aug` (with them: 12,031) are made when
  /// there is no list of them.
  /// - Throws: `EngineError` when a list is missing or malformed, a strong id is not in the set or has no mask, or the
  ///   set is empty.
  public static func open(_ path: String, options: Dataset.Options = Dataset.Options()) throws -> Dataset {
    guard let root = root(in: path) else {
      throw EngineError(.format, "'\(path)' has no folder JPEGImages, so it is not in the VOC layout.")
    }
    let set = options.set ?? "train"
    try ListFile.checkName(set)
    let classFile = FilePaths.join(root, "classes.txt")
    let classes = try FileAccess.isFile(classFile) ? ClassList.read(classFile) : .voc
    let labels = try ImageLabels(folder: FilePaths.join(root, "ImageSets/Main"), set: set, classes: classes)
    let extra = try options.extraMasks.map { folder in
      guard let root = SBDDataset.root(in: folder) else {
        throw EngineError(
          .format, "'\(folder)' has no folder cls, so its masks cannot be added; name the folder of SBD.")
      }
      return root
    }
    let entries = try entries(root: root, set: set, labels: labels, maskFolder: options.maskFolder, extra: extra)
    let strong = try options.strong.map {
      try ListFile.strongIDs(
        $0, folder: FilePaths.join(root, "ImageSets/Segmentation"), known: entries.map(\.id), set: set)
    }
    let items = try entries.map { entry in
      var mask = FileAccess.isFile(entry.mask) ? entry.mask : nil
      var form = options.ids.form
      if mask == nil, let extra {
        let other = SBDDataset.mask(entry.id, root: extra)
        if FileAccess.isFile(other) { (mask, form) = (other, .sbd) }
      }
      if let strong {
        if strong.contains(entry.id) {
          guard mask != nil else {
            throw EngineError(.format, "The strong list names '\(entry.id)', but its mask '\(entry.mask)' is missing.")
          }
        } else {
          mask = nil
        }
      }
      let line = labels.values[entry.id]
      return DatasetItem(
        id: entry.id, imagePath: entry.image, maskPath: mask, maskForm: form, imageLabels: line?.map { $0 > 0 },
        difficult: line?.map { $0 == 0 } ?? [])
    }
    return Dataset(classes: classes, items: items)
  }

  private struct Entry {
    let id: String
    let image: String
    let mask: String
  }

  private static func entries(
    root: String, set: String, labels: ImageLabels, maskFolder: String, extra: String?
  ) throws -> [Entry] {
    let segmentation = FilePaths.join(root, "ImageSets/Segmentation/\(set).txt")
    let main = FilePaths.join(root, "ImageSets/Main/\(set).txt")
    var lines: [[String]]
    var source = segmentation
    if FileAccess.isFile(segmentation) {
      lines = try ListFile.read(segmentation)
    } else if let extra, ["train_aug", "trainval_aug"].contains(set) {
      source = "\(set) of VOC and SBD"
      lines = try augmented(root: root, extra: extra, withValidation: set == "trainval_aug").map { [$0] }
    } else if FileAccess.isFile(main) {
      source = main
      lines = try ListFile.read(main)
    } else {
      source = FilePaths.join(root, "ImageSets/Main/*_\(set).txt")
      lines = labels.order.map { [$0] }
    }
    guard !lines.isEmpty else {
      throw EngineError(.format, "The set '\(set)' is empty or missing: no ids in '\(segmentation)' or '\(source)'.")
    }
    var seen: Set<String> = []
    return try lines.map { words in
      let entry: Entry
      if words.count >= 2, words[0].contains(".") {
        entry = Entry(
          id: FilePaths.stem(of: words[0]), image: FilePaths.join(root, String(words[0].drop { $0 == "/" })),
          mask: FilePaths.join(root, String(words[1].drop { $0 == "/" })))
      } else {
        let folder = FilePaths.join(root, "JPEGImages")
        entry = Entry(
          id: words[0], image: photo(words[0], in: folder),
          mask: FilePaths.join(root, "\(maskFolder)/\(words[0]).png"))
      }
      guard seen.insert(entry.id).inserted else { throw EngineError(.format, "'\(source)' lists '\(entry.id)' twice.") }
      return entry
    }
  }

  /// The ids of the training set that VOC and SBD make together: VOC's own first.
  private static func augmented(root: String, extra: String, withValidation: Bool) throws -> [String] {
    func own(_ set: String) throws -> [String] {
      let file = FilePaths.join(root, "ImageSets/Segmentation/\(set).txt")
      guard FileAccess.isFile(file) else {
        throw EngineError(.format, "'\(file)' is missing, which the training set of VOC and SBD is made from.")
      }
      return try ListFile.read(file).map { FilePaths.stem(of: $0[0]) }
    }
    let (train, validation) = (try own("train"), try own("val"))
    let more = try SBDDataset.ids(extra, set: "train") + SBDDataset.ids(extra, set: "val")
    var left = Set(validation)
    var ids = train.filter { left.insert($0).inserted }
    ids += more.sorted().filter { left.insert($0).inserted }
    return withValidation ? ids + validation : ids
  }

  /// The photo of an id; the usual name when none is there, so that the error names it.
  private static func photo(_ id: String, in folder: String) -> String {
    let usual = FilePaths.join(folder, id + ".jpg")
    if FileAccess.isFile(usual) { return usual }
    return [".jpeg", ".JPG", ".png"].map { FilePaths.join(folder, id + $0) }.first(where: FileAccess.isFile) ?? usual
  }
}

/// The lines of `ImageSets/Main/<class>_<set>.txt` of all classes.
struct ImageLabels {
  /// By id: one value a class, 1 present, -1 absent, 0 only difficult objects.
  private(set) var values: [String: [Int]] = [:]
  /// The ids of the set itself, in the order of its lists.
  private(set) var order: [String] = []

  init(folder: String, set: String, classes: ClassList) throws {
    var sets = [set]
    for other in ["trainval", "train", "val"] where other != set { sets.append(other) }
    for name in sets {
      let found = try Self.read(folder: folder, set: name, classes: classes)
      if name == set { order = found.order }
      values.merge(found.values) { own, _ in own }
    }
  }

  private static func read(
    folder: String, set: String, classes: ClassList
  ) throws -> (values: [String: [Int]], order: [String]) {
    let files = classes.names.map { FilePaths.join(folder, "\($0)_\(set).txt") }
    let present = files.map(FileAccess.isFile)
    guard present.contains(true) else { return ([:], []) }
    var values: [String: [Int]] = [:]
    var order: [String] = []
    for (k, file) in files.enumerated() {
      guard present[k] else {
        throw EngineError(.format, "The labels of class '\(classes.names[k])' are missing: there is no '\(file)'.")
      }
      for words in try ListFile.read(file) {
        guard words.count == 2, let value = Int(words[1]), (-1...1).contains(value) else {
          throw EngineError(
            .format, "'\(file)' has the line '\(words.joined(separator: " "))'; it must be an id and 1, -1 or 0.")
        }
        if k == 0 {
          guard values[words[0]] == nil else { throw EngineError(.format, "'\(file)' lists '\(words[0])' twice.") }
          values[words[0]] = [value]
          order.append(words[0])
        } else {
          guard values[words[0]]?.count == k else {
            throw EngineError(.format, "'\(file)' lists '\(words[0])' twice, or '\(files[0])' does not list it.")
          }
          values[words[0]]?.append(value)
        }
      }
      if let missing = order.first(where: { values[$0]?.count != k + 1 }) {
        throw EngineError(.format, "'\(file)' has no line for '\(missing)', which '\(files[0])' lists.")
      }
    }
    return (values, order)
  }
}
