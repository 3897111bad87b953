/// Places buffers that live at different times into one block of memory.
struct ArenaLayout {
  struct Request {
    var byteCount: Int
    /// First and last step in which the buffer is in use.
    var firstStep: Int
    var lastStep: Int

    /// What it takes with the room that keeps its neighbour aligned.
    var size: Int { (byteCount + TensorStorage.alignment - 1) & ~(TensorStorage.alignment - 1) }
  }

  private(set) var offsets: [Int]
  private(set) var byteCount: Int

  /// Buffers are placed in a certain order, each at the lowest offset where no buffer alive at the same time lies. No order is
  /// the best for all plans, so the least of several results is taken: the largest first, or those first that live when most
  /// memory is in use, the largest or the longest-lived of them at the bottom.
  init(_ requests: [Request]) {
    let largest = requests.indices.sorted {
      (requests[$0].size, requests[$1].firstStep, $1) > (requests[$1].size, requests[$0].firstStep, $0)
    }
    let longest = requests.indices.sorted {
      let (one, other) = (requests[$0], requests[$1])
      return (one.lastStep - one.firstStep, one.size, $1) > (other.lastStep - other.firstStep, other.size, $0)
    }
    let busiest = Self.busiestSteps(requests)
    let results = [largest, Self.byStep(busiest, largest, requests), Self.byStep(busiest, longest, requests)].map {
      Self.place(requests, inOrder: $0)
    }
    (offsets, byteCount) = results.min { $0.byteCount < $1.byteCount } ?? ([], 0)
  }

  /// All steps, those with most bytes in use first.
  private static func busiestSteps(_ requests: [Request]) -> [Int] {
    var changes: [Int: Int] = [:]
    for request in requests {
      changes[request.firstStep, default: 0] += request.size
      changes[request.lastStep + 1, default: 0] -= request.size
    }
    var used: [(step: Int, byteCount: Int)] = []
    for step in changes.keys.sorted() { used.append((step, (used.last?.byteCount ?? 0) + (changes[step] ?? 0))) }
    return used.sorted { ($0.byteCount, $1.step) > ($1.byteCount, $0.step) }.map(\.step)
  }

  private static func byStep(_ steps: [Int], _ order: [Int], _ requests: [Request]) -> [Int] {
    var left = order
    return steps.flatMap { step in
      let alive = left.filter { requests[$0].firstStep <= step && step <= requests[$0].lastStep }
      left.removeAll { requests[$0].firstStep <= step && step <= requests[$0].lastStep }
      return alive
    }
  }

  private static func place(_ requests: [Request], inOrder order: [Int]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: requests.count)
    var byteCount = 0
    var placed: [Int] = []  // by ascending offset
    for index in order {
      let request = requests[index]
      var offset = 0
      for other in placed
      where requests[other].firstStep <= request.lastStep && request.firstStep <= requests[other].lastStep {
        if offset + request.size <= offsets[other] { break }
        offset = max(offset, offsets[other] + requests[other].size)
      }
      offsets[index] = offset
      byteCount = max(byteCount, offset + request.size)
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: position)
    }
    return (offsets, byteCount)
  }
}
