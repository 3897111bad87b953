import DecoupledBase

/// A folder as LabelMe writes it: photos with a JSON file of the same name beside each annotated one.
/// ```
/// <name>.jpg|jpeg|png, <name>.json     shapes with labels
/// classes.txt                          class names, id = line number; without it all labels that occur, sorted
/// labels.csv                           optional: image-level labels, as in the plain layout; else those of the shapes
/// <set>.txt                            optional lists of ids
/// ```
public enum LabelMeDataset {
  static func fits(_ path: String) -> Bool {
    guard let names = try? FileAccess.names(in: path) else { return false }
    let stems = Set(names.filter { FolderDataset.isPhoto($0) }.map(FilePaths.stem(of:)))
    return names.contains { FilePaths.fileExtension(of: $0) == "json" && stems.contains(FilePaths.stem(of: $0)) }
  }

  /// Opens the folder; without a set all photos are taken, in the order of their names.
  /// - Throws: `EngineError` when a file is damaged or names a label that is no class.
  public static func open(_ path: String, options: Dataset.Options) throws -> Dataset {
    let photos = try FolderDataset.photos(in: path)
    let ids = try FolderDataset.ids(path, set: options.set, photos: photos)
    let table = try LabelTable(folder: path)
    let strong = try options.strong.map {
      try ListFile.strongIDs($0, folder: path, known: ids, set: options.set ?? "all images")
    }
    var files: [String: LabelMeFile] = [:]
    for id in photos.keys.sorted() {
      let file = FilePaths.join(path, id + ".json")
      if FileAccess.isFile(file) { files[id] = try LabelMeFile(file) }
    }
    let classes = try self.classes(path, table: table, files: files)
    let items = try ids.map { id in
      guard let image = photos[id] else {
        throw EngineError(
          .format, "The set '\(options.set ?? "")' names '\(id)', but there is no such photo in '\(path)'.")
      }
      let labels = try files[id].map { try $0.imageLabels(classes) }
      let form = MaskForm.labelMe(LabelMeMask(classes: classes, imagePath: image))
      let isStrong = strong?.contains(id) ?? true
      return DatasetItem(
        id: id, imagePath: image, maskPath: isStrong ? files[id]?.path : nil, maskForm: form,
        imageLabels: table?.labels[id] ?? labels)
    }
    return Dataset(classes: classes, items: items)
  }

  private static func classes(
    _ path: String, table: LabelTable?, files: [String: LabelMeFile]
  ) throws -> ClassList {
    if let table { return table.classes }
    let file = FilePaths.join(path, "classes.txt")
    if FileAccess.isFile(file) { return try ClassList.read(file) }
    return try ClassList(Set(files.values.flatMap(\.labels)).sorted(), from: "'\(path)'")
  }
}
