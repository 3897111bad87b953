import DecoupledBase

/// COCO's layout, with instance or panoptic files:
/// ```
/// annotations/instances_<set>.json      or panoptic_<set>.json with the PNG folder panoptic_<set> beside it or in the root
/// <set>/, images/<set>/ or images/      photos
/// classes.txt                           optional: names of the categories to segment, id = line number; others are
///                                       background. Without it all categories, in the order of their ids.
/// <list>.txt                            optional lists of ids (names of photos without extension) for the strong set
/// ```
public enum COCODataset {
  static let prefixes = [Dataset.Kind.coco: "instances_", .cocoPanoptic: "panoptic_"]

  /// The sets of a kind that are there, by name.
  static func sets(in path: String, kind: Dataset.Kind) -> [String] {
    guard let prefix = prefixes[kind],
      let names = try? FileAccess.names(in: FilePaths.join(path, "annotations"))
    else { return [] }
    return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }
      .map { String($0.dropFirst(prefix.count).dropLast(".json".count)) }
  }

  /// Opens a set. Image-level labels are the categories of an image's objects.
  /// - Throws: `EngineError` when files are missing or damaged, or there are several sets and none is named.
  public static func open(_ path: String, options: Dataset.Options) throws -> Dataset {
    let known = sets(in: path, kind: options.kind)
    guard let set = options.set ?? (known.count == 1 ? known[0] : nil) else {
      throw EngineError(
        .format, "'\(path)' has \(known.isEmpty ? "no" : "several") sets (\(known.joined(separator: ", "))); name one.")
    }
    try ListFile.checkName(set)
    let file = FilePaths.join(path, "annotations/\(prefixes[options.kind] ?? "")\(set).json")
    guard FileAccess.isFile(file) else {
      throw EngineError(.format, "There is no set '\(set)': '\(file)' is missing.")
    }
    let classFile = FilePaths.join(path, "classes.txt")
    let chosen = try FileAccess.isFile(classFile) ? ClassList.read(classFile) : nil
    let entries: [Entry]
    let classes: ClassList
    if options.kind == .coco {
      let annotations = try COCOAnnotations(file, chosen: chosen, settings: options.coco)
      classes = annotations.classes
      entries = annotations.images.map {
        Entry(
          image: $0, mask: file, form: .coco(COCOObjects(annotations: annotations, image: $0.id)),
          labels: annotations.labels(image: $0.id))
      }
    } else {
      let panoptic = try COCOPanoptic(file, chosen: chosen)
      classes = panoptic.classes
      let folder = try folder(["annotations/panoptic_\(set)", "panoptic_\(set)"], in: path, of: "segment ids")
      entries = try panoptic.images.map { image in
        let mask = try panoptic.files[image.id].map { try inside(folder, $0) }
        return Entry(
          image: image, mask: mask, form: .panoptic(COCOSegments(panoptic: panoptic, image: image.id)),
          labels: panoptic.labels(image: image.id))
      }
    }
    let photos = try folder([set, "images/\(set)", "images"], in: path, of: "photos")
    let ids = entries.map { FilePaths.stem(of: $0.image.file_name) }
    guard Set(ids).count == ids.count else { throw EngineError(.format, "'\(file)' names two photos alike.") }
    let strong = try options.strong.map { try ListFile.strongIDs($0, folder: path, known: ids, set: set) }
    let items = try zip(ids, entries).map { id, entry in
      let isStrong = strong?.contains(id) ?? true
      return DatasetItem(
        id: id, imagePath: try inside(photos, entry.image.file_name), maskPath: isStrong ? entry.mask : nil,
        maskForm: entry.form, imageLabels: entry.labels)
    }
    return Dataset(classes: classes, items: items)
  }

  private struct Entry {
    let image: COCOFile.Image
    let mask: String?
    let form: MaskForm
    let labels: [Bool]
  }

  private static func folder(_ names: [String], in path: String, of what: String) throws -> String {
    let folders = names.map { FilePaths.join(path, $0) }
    guard let found = folders.first(where: FileAccess.isFolder) else {
      throw EngineError(
        .format, "The folder of \(what) is missing: none of \(folders.joined(separator: ", ")) is there.")
    }
    return found
  }

  /// A file that the data set names; it must not lie elsewhere.
  static func inside(_ folder: String, _ name: String) throws -> String {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.utf8.contains(0), !parts.contains(".."), !name.hasPrefix("/") else {
      throw EngineError(.format, "The data set names the file '\(name)', which does not lie inside '\(folder)'.")
    }
    return FilePaths.join(folder, name)
  }
}
