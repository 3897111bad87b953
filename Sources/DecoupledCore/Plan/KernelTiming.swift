import DecoupledBackendKit

/// What one kernel of a run did and how long it took.
public struct KernelTiming: Sendable {
  /// Names of the first and last node.
  public let layer: String
  /// Operators, joined by "+".
  public let operators: String
  public let seconds: Double
  /// Of the convolutions and products in it, counted directly, whatever algorithm ran.
  public let multiplyAdds: Int
  /// How the backend says that it computes, empty where it says nothing, with its share of those multiplications, 0 likewise.
  public let algorithm: String
  public let workShare: Double
  /// Operands that are read and written, in bytes; what a backend packs them into may be larger.
  public let bytes: Int
}

/// Multiply-adds of a chain of nodes for the largest batch.
struct KernelWork {
  let multiplyAdds: Int
  /// Elements of the values that are read and written.
  private let elements: Int
  /// What the batch counts, and its largest size.
  let batch: (dimension: BatchDimension, largest: Int)?

  init(_ graph: Graph, chain: [Int]) {
    var (sum, elements) = (0, 0)
    var batch: (dimension: BatchDimension, largest: Int)?
    for index in chain {
      let node = graph.nodes[index]
      elements += (node.inputs.compactMap { $0 } + node.outputs).reduce(0) { $0 + graph[$1].type.shape.reduce(1, *) }
      let type = graph[node.outputs[0]].type
      sum +=
        node.operation.kind?.multiplyAdds(
          node.inputs.map { $0.map { graph[$0].type.shape } }, result: type.shape) ?? 0
      if let dimension = type.batch { batch = (dimension, type.shape[0]) }
    }
    multiplyAdds = sum
    self.elements = elements
    self.batch = batch
  }

  /// Whether a run takes a few microseconds, too little to share between threads.
  func isSmall(_ sizes: [BatchDimension: Int]) -> Bool {
    multiplyAdds(sizes) < 1 << 18 && share(of: elements, sizes) < 1 << 17
  }

  func multiplyAdds(_ sizes: [BatchDimension: Int]) -> Int { share(of: multiplyAdds, sizes) }

  func share(of count: Int, _ sizes: [BatchDimension: Int]) -> Int {
    guard let batch, let size = sizes[batch.dimension] else { return count }
    return count / max(1, batch.largest) * size
  }
}
