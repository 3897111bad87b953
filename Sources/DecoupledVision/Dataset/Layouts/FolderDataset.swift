import DecoupledBase

/// A plain folder:
/// ```
/// images/<name>.jpg|jpeg|png   photos; the id is the name without its extension
/// masks/<name>.png             optional, for some or all photos: palette or grey PNG of class ids, 255 is void
/// labels.csv                   optional: image-level labels, in one of two forms
/// classes.txt                  class names, id = line number; may be absent when labels.csv has one column per class
/// <set>.txt                    optional lists of ids
/// ```
/// The first form of labels.csv has the header `image,labels` and names separated by semicolons
/// (`beach.jpg,person;dog`; an empty cell says that no class shows). The second has one column per class
/// (`image,person,dog`) with 1, 0 (or -1); the order of columns gives the ids when there is no classes.txt. Names of
/// images may have their extension or not.
public enum FolderDataset {
  static func fits(_ path: String) -> Bool { FileAccess.isFolder(FilePaths.join(path, "images")) }

  /// Opens the folder; without a set all images are taken, in the order of their names.
  /// - Throws: `EngineError` when a list, labels.csv or classes.txt is missing or malformed, when labels.csv, a list or
  ///   a mask names an image that is not there, two images share a name, or there are none.
  public static func open(_ path: String, options: Dataset.Options = Dataset.Options()) throws -> Dataset {
    let photos = try photos(in: FilePaths.join(path, "images"))
    let table = try LabelTable(folder: path)
    let ids = try ids(path, set: options.set, photos: photos)
    for id in table?.labels.keys.sorted() ?? [] where photos[id] == nil {
      throw EngineError(
        .format, "'\(FilePaths.join(path, "labels.csv"))' names the image '\(id)', which is not in images.")
    }
    let masks = try masks(in: FilePaths.join(path, "masks"), photos: photos)
    let strong = try options.strong.map {
      try ListFile.strongIDs($0, folder: path, known: ids, set: options.set ?? "all images")
    }
    let items = try ids.map { id in
      guard let image = photos[id] else {
        throw EngineError(
          .format, "The set '\(options.set ?? "")' names '\(id)', but there is no such photo in images.")
      }
      let isStrong = strong?.contains(id) ?? true
      if strong != nil && isStrong && masks[id] == nil {
        throw EngineError(.format, "The strong list names '\(id)', but there is no mask 'masks/\(id).png'.")
      }
      return DatasetItem(
        id: id, imagePath: image, maskPath: isStrong ? masks[id] : nil, maskForm: options.ids.form,
        imageLabels: table?.labels[id])
    }
    let classes = try table?.classes ?? ClassList.read(FilePaths.join(path, "classes.txt"))
    return Dataset(classes: classes, items: items)
  }

  /// The text files of a folder that are lists: those with a usual name, and those that name a photo. Others are notes. Empty
  /// when there are none: all photos are one set.
  static func sets(in path: String, photos folder: String) throws -> [String] {
    let photos = try photos(in: folder)
    return Dataset.textLists(in: path, except: ["classes"]).filter { name in
      if ["train", "val", "trainval", "test"].contains(name) { return true }
      let lines = (try? ListFile.read(FilePaths.join(path, name + ".txt"))) ?? []
      return lines.contains { photos[$0[0]] != nil || photos[FilePaths.stem(of: $0[0])] != nil }
    }
  }

  static func isPhoto(_ name: String) -> Bool { ["jpg", "jpeg", "png"].contains(FilePaths.fileExtension(of: name)) }

  static func photos(in folder: String) throws -> [String: String] {
    var photos: [String: String] = [:]
    for name in try FileAccess.names(in: folder) where isPhoto(name) {
      let id = FilePaths.stem(of: name)
      guard photos.updateValue(FilePaths.join(folder, name), forKey: id) == nil else {
        throw EngineError(.format, "'\(folder)' has two photos named '\(id)'; rename one.")
      }
    }
    guard !photos.isEmpty else { throw EngineError(.format, "'\(folder)' has no .jpg, .jpeg or .png photo.") }
    return photos
  }

  static func ids(_ path: String, set: String?, photos: [String: String]) throws -> [String] {
    guard let set else { return photos.keys.sorted() }
    try ListFile.checkName(set)
    let file = FilePaths.join(path, set + ".txt")
    guard FileAccess.isFile(file) else {
      throw EngineError(
        .format, "There is no set '\(set)': '\(file)' is missing; leave the set out to take all images.")
    }
    let ids = try ListFile.read(file).map { photos[$0[0]] == nil ? FilePaths.stem(of: $0[0]) : $0[0] }
    guard !ids.isEmpty else { throw EngineError(.format, "The set '\(file)' is empty.") }
    guard Set(ids).count == ids.count else { throw EngineError(.format, "The set '\(file)' lists an image twice.") }
    return ids
  }

  private static func masks(in folder: String, photos: [String: String]) throws -> [String: String] {
    guard FileAccess.isFolder(folder) else { return [:] }
    var masks: [String: String] = [:]
    for name in try FileAccess.names(in: folder) where FilePaths.fileExtension(of: name) == "png" {
      let id = FilePaths.stem(of: name)
      guard photos[id] != nil else {
        throw EngineError(.format, "The mask '\(FilePaths.join(folder, name))' belongs to no photo in images.")
      }
      masks[id] = FilePaths.join(folder, name)
    }
    return masks
  }
}
