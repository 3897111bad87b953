import DecoupledCore

/// Tensors cut into blocks of a fixed size, which are worked on in parallel. Sums are made per block and then in the order of the
/// blocks, so that any number of threads gives the same bits.
struct ParameterBlocks {
  /// Values of one block: large enough to pay for its dispatch, small enough to stay in the second-level cache.
  static let size = 16_384

  struct Block {
    let tensor: Int
    let range: Range<Int>
  }

  let blocks: [Block]

  /// - Parameter counts: the number of values of each tensor.
  init(_ counts: [Int]) {
    blocks = counts.enumerated().flatMap { tensor, count in
      stride(from: 0, to: count, by: Self.size).map {
        Block(tensor: tensor, range: $0..<min($0 + Self.size, count))
      }
    }
  }

  /// Runs `body` for each block on all lanes.
  func forEach(_ pool: ThreadPool, _ body: (Block) -> Void) {
    pool.forEach(blocks.count) { index, _ in body(blocks[index]) }
  }

  /// The sum of `body` over the blocks.
  func sum(_ pool: ThreadPool, _ body: (Block) -> Double) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(blocks.count, 1)) { parts in
      parts.initialize(repeating: 0)
      pool.forEach(blocks.count) { index, _ in parts[index] = body(blocks[index]) }
      return parts.reduce(0, +)
    }
  }
}
