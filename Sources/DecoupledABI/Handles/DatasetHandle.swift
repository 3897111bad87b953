import DecoupledVision
import Synchronization

final class DatasetHandle: HandleObject {
  static let noun = "data set"

  /// An item as C strings.
  final class Item: Sendable {
    let identifier, imagePath: OwnedText
    let maskPath: OwnedText?
    let labels: OwnedArray<UInt8>?

    init(_ item: DatasetItem) {
      identifier = OwnedText(item.id)
      imagePath = OwnedText(item.imagePath)
      maskPath = item.maskPath.map { OwnedText($0) }
      labels = item.imageLabels.map { labels in OwnedArray(labels.map { $0 ? 1 : 0 }) }
    }
  }

  let dataset: Dataset
  let classNames: [OwnedText]
  private let items = Mutex<[Int: Item]>([:])

  init(_ dataset: Dataset) {
    self.dataset = dataset
    classNames = dataset.classes.names.map { OwnedText($0) }
  }

  /// Made when it is first asked for.
  func item(_ index: Int32) throws -> Item {
    let item = try element(dataset.items, index, "item")
    return items.withLock { items in
      if let made = items[Int(index)] { return made }
      let made = Item(item)
      items[Int(index)] = made
      return made
    }
  }
}
