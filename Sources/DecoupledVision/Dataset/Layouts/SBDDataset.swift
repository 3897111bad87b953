import DecoupledBase

/// The Semantic Boundaries Dataset (Hariharan et al. 2011), extra masks for VOC's photos:
/// ```
/// img/<id>.jpg     photos
/// cls/<id>.mat     masks: MATLAB 5 files with GTcls.Segmentation, the 20 classes of VOC, without void
/// train.txt, val.txt
/// ```
/// It has no image-level labels.
public enum SBDDataset {
  /// The folder with cls: `path`, `path/dataset` or `path/benchmark_RELEASE/dataset`; nil when there is none.
  public static func root(in path: String) -> String? {
    ["", "dataset", "benchmark_RELEASE/dataset"].map { $0.isEmpty ? path : FilePaths.join(path, $0) }
      .first { FileAccess.isFolder(FilePaths.join($0, "cls")) }
  }

  /// Opens a set; `train` when none is named.
  /// - Throws: `EngineError` when a list is missing or a mask that it names.
  public static func open(_ path: String, options: Dataset.Options) throws -> Dataset {
    guard let root = root(in: path) else {
      throw EngineError(.format, "'\(path)' has no folder cls, so it is not SBD.")
    }
    let set = options.set ?? "train"
    let ids = try ids(root, set: set)
    let strong = try options.strong.map { try ListFile.strongIDs($0, folder: root, known: ids, set: set) }
    let items = try ids.map { id in
      let mask = self.mask(id, root: root)
      guard FileAccess.isFile(mask) else {
        throw EngineError(.format, "The set '\(set)' names '\(id)', but there is no '\(mask)'.")
      }
      return DatasetItem(
        id: id, imagePath: FilePaths.join(root, "img/\(id).jpg"),
        maskPath: strong?.contains(id) ?? true ? mask : nil, maskForm: .sbd)
    }
    return Dataset(classes: .voc, items: items)
  }

  /// The ids of a list.
  static func ids(_ root: String, set: String) throws -> [String] {
    try ListFile.checkName(set)
    let file = FilePaths.join(root, set + ".txt")
    guard FileAccess.isFile(file) else { throw EngineError(.format, "There is no set '\(set)': '\(file)' is missing.") }
    let ids = try ListFile.read(file).map { $0[0] }
    guard !ids.isEmpty else { throw EngineError(.format, "The set '\(file)' is empty.") }
    guard Set(ids).count == ids.count else { throw EngineError(.format, "The set '\(file)' lists an image twice.") }
    if let wrong = ids.first(where: { $0.contains("/") }) {
      throw EngineError(.format, "The set '\(file)' names '\(wrong)', which is no id.")
    }
    return ids
  }

  static func mask(_ id: String, root: String) -> String { FilePaths.join(root, "cls/\(id).mat") }

  static func readMask(_ path: String) throws -> LabelMap {
    try MATLABFile(path).labels(variable: "GTcls", field: "Segmentation")
  }
}
