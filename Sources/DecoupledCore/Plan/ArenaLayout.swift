/// Places buffers that live at different times into one block of memory.
struct ArenaLayout {
  struct Request {
    var byteCount: Int
    /// First and last step in which the buffer is in use.
    var firstStep: Int
    var lastStep: Int
  }

  private(set) var offsets: [Int]
  private(set) var byteCount = 0

  /// Greedy by size: the largest buffers first, each at the lowest offset where no buffer alive at the same time lies.
  init(_ requests: [Request]) {
    offsets = [Int](repeating: 0, count: requests.count)
    let order = requests.indices.sorted {
      (requests[$0].byteCount, requests[$1].firstStep) > (requests[$1].byteCount, requests[$0].firstStep)
    }
    var placed: [Int] = []  // by ascending offset
    for index in order {
      let request = requests[index]
      let size = (request.byteCount + TensorStorage.alignment - 1) & ~(TensorStorage.alignment - 1)
      var offset = 0
      for other in placed
      where requests[other].firstStep <= request.lastStep && request.firstStep <= requests[other].lastStep {
        if offset + size <= offsets[other] { break }
        let end = offsets[other] + requests[other].byteCount
        offset = max(offset, (end + TensorStorage.alignment - 1) & ~(TensorStorage.alignment - 1))
      }
      offsets[index] = offset
      byteCount = max(byteCount, offset + size)
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: position)
    }
  }
}
