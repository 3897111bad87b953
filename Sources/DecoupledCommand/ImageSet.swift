import DecoupledVision

/// Which images a verb takes when no set is named.
enum ImageSet {
  /// `given`; else the set `standard` of a VOC tree; else the list `standard`.txt of a plain folder when it is there; else all
  /// its images (nil).
  static func resolve(_ given: String?, standard: String, in data: String) -> String? {
    if let given { return given }
    let isTree = VOCDataset.root(in: data) != nil
    return isTree || FileAccess.isFile(FilePaths.join(data, standard + ".txt")) ? standard : nil
  }
}
