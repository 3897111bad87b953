import DecoupledVision
import Synchronization

/// Decoded photos and masks in memory, up to a limit in bytes. The first that fit are kept: a training visits all in turn,
/// where replacing old ones by new ones would keep none long enough.
final class ImageCache: Sendable {
  typealias Entry = (image: RGBImage, mask: LabelMap?)

  private struct Contents {
    var entries: [Int: Entry] = [:]
    var byteCount = 0
  }

  private let items: [DatasetItem]
  private let limit: Int
  private let readsMasks: Bool
  private let contents = Mutex(Contents())

  /// - Parameters:
  ///   - limit: in bytes.
  ///   - masks: whether masks are read too.
  init(_ items: [DatasetItem], limit: Int, masks: Bool) {
    self.items = items
    self.limit = limit
    readsMasks = masks
  }

  /// Photo and mask of an item.
  /// - Throws: `EngineError` when one cannot be read or they do not fit.
  func entry(_ index: Int) throws -> Entry {
    if let known = contents.withLock({ $0.entries[index] }) { return known }
    let item = items[index]
    let entry: Entry = readsMasks ? try item.read() : (try item.readImage(), nil)
    let size = entry.image.pixels.count + (entry.mask?.labels.count ?? 0)
    contents.withLock { contents in
      guard contents.entries[index] == nil, contents.byteCount + size <= limit else { return }
      contents.entries[index] = entry
      contents.byteCount += size
    }
    return entry
  }
}
