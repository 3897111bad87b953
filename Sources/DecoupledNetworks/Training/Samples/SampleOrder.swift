import DecoupledBase
import Synchronization

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
