import DecoupledBase

/// Grows one tree of a structured forest from its samples (ICCV 2013, section 3.1).
struct TreeGrower {
  private let samples: TreeSamples
  private let settings: ForestTrainingSettings
  private let forEach: ForestTrainer.ParallelLoop
  private let number: Int
  /// Nodes with fewer samples are scanned on one thread.
  private static let parallelSamples = 4096
  private static let leastGain = 1e-10

  init(
    _ samples: TreeSamples, _ settings: ForestTrainingSettings, number: Int,
    forEach: @escaping ForestTrainer.ParallelLoop
  ) {
    self.samples = samples
    self.settings = settings
    self.forEach = forEach
    self.number = number
  }

  private struct Open {
    let node: Int
    let depth: Int
    let members: [Int32]
  }

  /// - Parameter progress: told how many samples are in finished leaves; false cancels.
  /// - Returns: nil when it was cancelled.
  func grow(progress: (_ done: Int, _ total: Int) -> Bool) -> StructuredForest.Tree? {
    var tree = StructuredForest.Tree(features: [0], thresholds: [0], children: [0])
    var patches: [Int: ForestLeaf] = [:]
    var open = [Open(node: 0, depth: 0, members: Array(0..<Int32(samples.count)))]
    var done = 0
    while let next = open.popLast() {
      var random = CounterRandom(
        seed: settings.seed, stream: ForestTrainer.nodeStream &+ UInt64(number), index: UInt64(next.node))
      let labels = StructuredLabels(samples, next.members, pairs: settings.pairs, random: &random)
      guard let split = split(next, labels, &random) else {
        let area = samples.area
        let patch = (0..<area).map { samples.segments[labels.representative * area + $0] }
        patches[next.node] = ForestLeaf(labels: patch, side: settings.forest.innerSize)
        done += next.members.count
        if !progress(done, samples.count) { return nil }
        continue
      }
      let child = tree.children.count
      tree.features[next.node] = samples.featureIDs[split.feature]
      tree.thresholds[next.node] = split.threshold
      tree.children[next.node] = Int32(child)
      tree.features += [0, 0]
      tree.thresholds += [0, 0]
      tree.children += [0, 0]
      let column = split.feature * samples.stride
      let left = next.members.filter { samples.features[column + Int($0)] < split.threshold }
      let right = next.members.filter { !(samples.features[column + Int($0)] < split.threshold) }
      open.append(Open(node: child + 1, depth: next.depth + 1, members: right))
      open.append(Open(node: child, depth: next.depth + 1, members: left))
    }
    tree.leaves = tree.children.indices.compactMap { patches[$0] }
    return tree
  }

  private func split(_ node: Open, _ labels: StructuredLabels, _ random: inout CounterRandom) -> NodeSplit? {
    let count = node.members.count
    guard !labels.isPure, count > settings.minChild, node.depth < settings.maxDepth else { return nil }
    let tried = max(1, Int(Double(samples.featureIDs.count).squareRoot().rounded()))
    var chosen: [Int] = []
    while chosen.count < min(tried, samples.featureIDs.count) {
      let feature = random.int(0...(samples.featureIDs.count - 1))
      if !chosen.contains(feature) { chosen.append(feature) }
    }
    nonisolated(unsafe) var splits = [NodeSplit](repeating: NodeSplit(), count: chosen.count)
    splits.withUnsafeMutableBufferPointer { splits in
      nonisolated(unsafe) let splits = splits
      let scan: @Sendable (Int) -> Void = { [samples, chosen] k in
        var keys = [UInt32](repeating: 0, count: 2 * count)
        splits[k] = NodeSplit.best(samples, column: chosen[k], node.members, labels.isSecond, keys: &keys)
        splits[k].feature = chosen[k]
      }
      if count >= Self.parallelSamples { forEach(chosen.count, scan) } else { chosen.indices.forEach(scan) }
    }
    // The first of equal ones.
    guard let best = splits.max(by: { $0.gain < $1.gain }), best.gain > Self.leastGain else { return nil }
    // Counted as the samples will be divided: sorting dropped the last bit of the values.
    let column = best.feature * samples.stride
    let left = node.members.reduce(0) { $0 + (samples.features[column + Int($1)] < best.threshold ? 1 : 0) }
    guard left >= settings.minChild, count - left >= settings.minChild else { return nil }
    return best
  }
}
