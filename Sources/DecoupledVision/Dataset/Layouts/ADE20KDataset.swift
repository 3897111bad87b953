import DecoupledBase

/// The layout of ADE20K's scene parsing challenge, and of sets like it:
/// ```
/// images/<set>/<id>.jpg          photos, set = training or validation
/// annotations/<set>/<id>.png     masks: 8-bit PNG of ids, 0 "other", from 1 on the classes
/// classes.txt                    class names, id = line number (after a zero reduction); or
/// objectInfo150.txt              the challenge's table, whose last column has the names
/// ```
/// There are no image-level labels: take them from the masks. Options say what becomes of id 0: background as it stands,
/// void (`ignored`), or void with all others one less (`reduceZero`).
public enum ADE20KDataset {
  static func fits(_ path: String) -> Bool { !sets(in: path).isEmpty }

  /// Names of the folders that photos and masks share.
  static func sets(in path: String) -> [String] {
    let (images, masks) = (FilePaths.join(path, "images"), FilePaths.join(path, "annotations"))
    guard FileAccess.isFolder(images), FileAccess.isFolder(masks), let names = try? FileAccess.names(in: images) else {
      return []
    }
    return names.filter {
      FileAccess.isFolder(FilePaths.join(images, $0)) && FileAccess.isFolder(FilePaths.join(masks, $0))
    }
  }

  /// Opens a set; `training` when none is named.
  /// - Throws: `EngineError` when files are missing or the class names are not to be had.
  public static func open(_ path: String, options: Dataset.Options) throws -> Dataset {
    let set = options.set ?? "training"
    try ListFile.checkName(set)
    let folder = FilePaths.join(path, "images/\(set)")
    guard FileAccess.isFolder(folder) else {
      throw EngineError(.format, "There is no set '\(set)': '\(folder)' is missing; there are \(sets(in: path)).")
    }
    let classes = try classes(path, options.ids)
    let photos = try FolderDataset.photos(in: folder)
    let ids = photos.keys.sorted()
    let strong = try options.strong.map { try ListFile.strongIDs($0, folder: path, known: ids, set: set) }
    let items = ids.map { id in
      let mask = FilePaths.join(path, "annotations/\(set)/\(id).png")
      let isUsable = FileAccess.isFile(mask) && (strong?.contains(id) ?? true)
      return DatasetItem(
        id: id, imagePath: photos[id] ?? "", maskPath: isUsable ? mask : nil, maskForm: options.ids.form)
    }
    return Dataset(classes: classes, items: items)
  }

  private static func classes(_ path: String, _ change: IDChange) throws -> ClassList {
    let own = FilePaths.join(path, "classes.txt")
    if FileAccess.isFile(own) { return try ClassList.read(own) }
    let table = FilePaths.join(path, "objectInfo150.txt")
    guard FileAccess.isFile(table) else {
      throw EngineError(
        .format, "'\(own)' is missing; write the class names there, one a line, the line number is the id.")
    }
    var names: [String] = []
    for (number, line) in try FileAccess.readLines(table).enumerated().dropFirst() where !Lines.trim(line).isEmpty {
      guard let last = line.split(separator: "\t").last else { continue }
      // Synonyms follow each other with commas; the first may stand for two classes.
      let synonyms = last.split { $0 == "," || $0 == ";" }.map { Lines.trim(String($0)) }
      let name = synonyms.first { !$0.isEmpty && !names.contains($0) }
      names.append(name ?? "class \(number)")
    }
    return try ClassList(change.reduceZero ? Array(names.dropFirst()) : names, from: "'\(table)'")
  }
}
