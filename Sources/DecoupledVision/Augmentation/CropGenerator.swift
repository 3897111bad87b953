import DecoupledBase

/// Makes the windows of combinatorial cropping ahead, as the authors did, and writes them as an official list.
public struct CropGenerator: Sendable {
  public let cropping: CombinatorialCropping
  /// Where proposals come from; nil leaves them out.
  public let proposals: (any WindowProposer)?
  /// The windows of a photo depend on this, its id and its mask only.
  public let seed: UInt64

  public init(cropping: CombinatorialCropping, proposals: (any WindowProposer)? = nil, seed: UInt64 = 1) {
    self.cropping = cropping
    self.proposals = proposals
    self.seed = seed
  }

  /// All windows of one photo; none when its mask shows no object.
  /// - Throws: `EngineError` when photo or mask cannot be read.
  public func crops(
    of item: DatasetItem, warn: (String) -> Void = { _ in }
  ) throws -> (image: RGBImage, mask: LabelMap, crops: [CombinatorialCropping.Crop])? {
    let (image, mask) = try item.read()
    guard let mask, !mask.objectLabels().isEmpty else { return nil }
    var random = CounterRandom(seed: seed, stream: Self.stream, index: CounterRandom.hash(item.id))
    let windows = try proposals?.windows(in: image) ?? []
    let crops = cropping.crops(of: mask, proposals: windows, random: &random) { warn("'\(item.id)': \($0)") }
    return (image, mask, crops)
  }

  /// Writes the windows of all items with a usable mask as one list.
  /// - Parameters:
  ///   - root: the folder that the paths of the list are relative to.
  ///   - warn: is told, in a sentence, when an image has too many subsets or no object.
  ///   - visit: is shown every crop with its number, photo and mask.
  ///   - progress: called after each item with the number done and the total; false stops.
  /// - Returns: the number of lines.
  /// - Throws: `EngineError` when a file cannot be read, is not below the root, has a mask that is no PNG of ids or a
  ///   path with spaces, or when stopped; no list is left then.
  public func write(
    _ dataset: Dataset, root: String, to path: String, warn: (String) -> Void = { _ in },
    visit: (Int, RGBImage, LabelMap, CombinatorialCropping.Crop) throws -> Void = { _, _, _, _ in },
    progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> Int {
    let items = dataset.strongItems
    guard !items.isEmpty else {
      throw EngineError(.format, "No image of the set has a mask; there is nothing to crop.")
    }
    var lines = 0
    try FileAccess.write(to: path) { sink in
      for (done, item) in items.enumerated() {
        let names = try Self.names(of: item, root: root)
        if let made = try crops(of: item, warn: warn) {
          var text = ""
          for crop in made.crops {
            text += CropListFile.line(
              image: names.image, mask: names.mask, window: crop.window, subset: crop.subset,
              classes: dataset.classes.count)
            text += "\n"
            try visit(lines, made.image, made.mask, crop)
            lines += 1
          }
          try Array(text.utf8).withUnsafeBytes(sink.put)
        } else {
          warn("The mask of '\(item.id)' shows no object; the image gives no windows.")
        }
        guard progress(done + 1, items.count) else { throw EngineError(.cancelled, "The cropping was stopped.") }
      }
      guard lines > 0 else {
        throw EngineError(.format, "No mask of the set shows an object; there is nothing to crop.")
      }
    }
    return lines
  }

  private static let stream: UInt64 = 5

  private static func names(of item: DatasetItem, root: String) throws -> (image: String, mask: String) {
    guard let mask = item.maskPath, item.maskForm == .ids else {
      throw EngineError(
        .format,
        "The mask of '\(item.id)' is no PNG of class ids, which lists need; convert the data set first "
          + "(decoupled dataset convert).")
    }
    return (try name(item.imagePath, root), try name(mask, root))
  }

  private static func name(_ path: String, _ root: String) throws -> String {
    let folder = root.isEmpty || root.hasSuffix("/") ? root : root + "/"
    guard path.hasPrefix(folder) else {
      throw EngineError(
        .format, "'\(path)' is not inside '\(root)', so a list cannot name it from there; choose another root.")
    }
    let name = "/" + path.dropFirst(folder.count)
    guard !name.contains(where: \.isWhitespace) else {
      throw EngineError(.format, "'\(path)' has spaces in its name, which lists cannot hold; rename it.")
    }
    return name
  }
}
