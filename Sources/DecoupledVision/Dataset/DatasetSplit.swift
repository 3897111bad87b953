import DecoupledBase

/// Chooses which masks of a set may be used.
public enum DatasetSplit {
  /// Chooses about `perClass` masks for each class, like the strong subsets of the paper (5, 10 or 25).
  ///
  /// Classes with few masks choose first. A chosen image counts for all of its classes, so that some classes get more.
  /// Which classes an image shows comes from its mask. The same seed gives the same images.
  /// - Returns: ids in the order of the set.
  /// - Throws: `EngineError` when no image has a mask, a class has none, or a mask cannot be read.
  public static func strong(_ dataset: Dataset, perClass: Int, seed: UInt64) throws -> [String] {
    guard perClass >= 1 else { throw EngineError(.format, "At least 1 mask per class is needed, not \(perClass).") }
    let candidates = try Dataset(classes: dataset.classes, items: dataset.strongItems).labelledFromMasks().items
    guard !candidates.isEmpty else { throw EngineError(.format, "No image of the set has a mask to choose.") }
    let order = CounterRandom.permutation(count: candidates.count, seed: seed, epoch: 0)
    let labels = candidates.map { $0.imageLabels ?? [] }
    let available = (0..<dataset.classes.count).map { c in labels.count { $0[c] } }
    if let absent = available.firstIndex(of: 0) {
      throw EngineError(.format, "No mask of the set shows the class '\(dataset.classes.names[absent])'.")
    }
    var chosen: Set<Int> = []
    var counts = [Int](repeating: 0, count: dataset.classes.count)
    for c in available.indices.sorted(by: { (available[$0], $0) < (available[$1], $1) }) {
      for i in order where counts[c] < perClass && labels[i][c] && chosen.insert(i).inserted {
        for other in counts.indices where labels[i][other] { counts[other] += 1 }
      }
    }
    return chosen.sorted().map { candidates[$0].id }
  }

  /// Divides names into two groups that depend on each name and the seed only: adding a name moves no other.
  /// - Parameter share: the expected share of the first group, 0...1.
  public static func byHash(_ names: [String], share: Double, seed: UInt64 = 0) -> (first: [String], second: [String]) {
    let isFirst = { (name: String) in Double(CounterRandom.hash(name, seed: seed) >> 11) * 0x1p-53 < share }
    return (names.filter(isFirst), names.filter { !isFirst($0) })
  }

  /// Divides names into two groups of exact size by a shuffle; with two names or more neither group is empty.
  /// - Parameter share: the share of the first group, rounded to whole names.
  public static func shuffled(_ names: [String], share: Double, seed: UInt64) -> (first: [String], second: [String]) {
    let sorted = names.sorted()
    let order = CounterRandom.permutation(count: sorted.count, seed: seed, epoch: 0)
    let wanted = Int((Double(sorted.count) * min(max(share, 0), 1)).rounded())
    let count = sorted.count < 2 ? wanted : min(max(wanted, 1), sorted.count - 1)
    let first = Set(order.prefix(count))
    return (
      sorted.indices.filter(first.contains).map { sorted[$0] },
      sorted.indices.filter { !first.contains($0) }.map { sorted[$0] }
    )
  }
}
