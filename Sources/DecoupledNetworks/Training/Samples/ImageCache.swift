import DecoupledBase
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

/// The order in which a run visits its samples: all of them once in each epoch, shuffled anew.
final class SampleOrder: Sendable {
  let count: Int
  private let seed: UInt64
  private let recent = Mutex<[Int: [Int]]>([:])

  init(count: Int, seed: UInt64) {
    self.count = count
    self.seed = seed
  }

  /// Which sample has number `number` of the run.
  func sample(_ number: Int) -> Int {
    let (epoch, place) = number.quotientAndRemainder(dividingBy: count)
    return recent.withLock { recent in
      if let order = recent[epoch] { return order[place] }
      let order = CounterRandom.permutation(
        count: count, seed: seed, stream: RandomStream.shuffle.rawValue, epoch: epoch)
      // Two epochs at most are in use, at the border between them.
      recent = recent.filter { $0.key >= epoch - 1 && $0.key <= epoch + 1 }
      recent[epoch] = order
      return order[place]
    }
  }
}
