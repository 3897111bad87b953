import DecoupledBase

/// Writes data sets of any layout as a tree in that of the VOC devkit (`VOCDataset`).
public enum VOCWriter {
  /// Copies photos, writes masks as palette PNG, image-level labels as lists by class, `classes.txt` and the list of the
  /// set. Other sets that are in the tree already stay; their classes must be the same.
  /// - Parameter progress: called after each item with the number done and the total; false stops.
  /// - Throws: `EngineError` when a file cannot be read or written, the tree has other classes, or when stopped; what was
  ///   copied stays, but lists are written last.
  public static func write(
    _ dataset: Dataset, set: String, to folder: String, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws {
    try ListFile.checkName(set)
    let classFile = FilePaths.join(folder, "classes.txt")
    if FileAccess.isFile(classFile) {
      guard try ClassList.read(classFile) == dataset.classes else {
        throw EngineError(.format, "'\(classFile)' has other classes than the data set; choose another folder.")
      }
    }
    let (photos, masks) = (FilePaths.join(folder, "JPEGImages"), FilePaths.join(folder, "SegmentationClass"))
    let lists = FilePaths.join(folder, "ImageSets")
    for made in [photos, masks, lists + "/Main", lists + "/Segmentation"] { try FileAccess.makeFolder(made) }
    for (done, item) in dataset.items.enumerated() {
      let kind = FilePaths.fileExtension(of: item.imagePath) == "png" ? "png" : "jpg"
      let target = FilePaths.join(photos, "\(item.id).\(kind)")
      let bytes = try FileAccess.read(item.imagePath)
      // The same check as in training, so that a photo that does not fit its mask is not passed on.
      let mask = try item.read().mask
      try FileAccess.write(bytes, to: target)
      if let mask { try PNGWriter.write(mask, to: FilePaths.join(masks, item.id + ".png")) }
      guard progress(done + 1, dataset.items.count) else {
        throw EngineError(.cancelled, "The conversion was stopped.")
      }
    }
    let labelled = dataset.labelledItems
    if !labelled.isEmpty {
      for (c, name) in dataset.classes.names.enumerated() {
        let lines = labelled.map { item in
          let isPresent = item.imageLabels?[c] == true
          let value = isPresent ? 1 : item.difficult.indices.contains(c) && item.difficult[c] ? 0 : -1
          return "\(item.id) \(value)"
        }
        try ListFile.write(lines, to: "\(lists)/Main/\(name)_\(set).txt")
      }
    }
    try ListFile.write(dataset.classes.names, to: classFile)
    try ListFile.write(dataset.items.map(\.id), to: "\(lists)/Segmentation/\(set).txt")
  }
}
