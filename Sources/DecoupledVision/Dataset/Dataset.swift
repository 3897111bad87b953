import DecoupledBase

/// Photos with their image-level labels and masks.
public struct Dataset: Sendable, Equatable {
  public let classes: ClassList
  public let items: [DatasetItem]
  /// Training windows made ahead, when the set was read from an official list; training then takes its samples from here.
  public let crops: CropTable?

  public init(classes: ClassList, items: [DatasetItem], crops: CropTable? = nil) {
    self.classes = classes
    self.items = items
    self.crops = crops
  }

  /// Items whose mask may be used.
  public var strongItems: [DatasetItem] { items.filter { $0.maskPath != nil } }

  /// Items with image-level labels.
  public var labelledItems: [DatasetItem] { items.filter { $0.imageLabels != nil } }

  /// The same items with image-level labels taken from the masks that may be used; without such a mask they become nil.
  /// - Throws: `EngineError` when a mask cannot be read or holds an id that is no class.
  public func labelledFromMasks() throws -> Dataset {
    let items = try items.map { item in
      var labels: [Bool]?
      if let path = item.maskPath, let mask = try item.readMask() {
        var present = [Bool](repeating: false, count: classes.count)
        for id in mask.objectLabels() {
          guard Int(id) <= classes.count else {
            throw EngineError(
              .format, "The mask '\(path)' holds the id \(id), but there are only \(classes.count) classes.")
          }
          present[Int(id) - 1] = true
        }
        labels = present
      }
      return DatasetItem(
        id: item.id, imagePath: item.imagePath, maskPath: item.maskPath, maskForm: item.maskForm, imageLabels: labels)
    }
    return Dataset(classes: classes, items: items, crops: crops)
  }
}
