/// What one kernel of a run did and how long it took.
public struct KernelTiming: Sendable {
  /// Names of the first and last node.
  public let layer: String
  /// Operators, joined by "+".
  public let operators: String
  public let seconds: Double
  /// Of the convolutions and products in it, counted directly, whatever algorithm ran.
  public let multiplyAdds: Int
}

/// Multiply-adds of a chain of nodes for the largest batch.
struct KernelWork {
  let multiplyAdds: Int
  /// What the batch counts, and its largest size.
  let batch: (dimension: BatchDimension, largest: Int)?

  init(_ graph: Graph, chain: [Int]) {
    var sum = 0
    var batch: (dimension: BatchDimension, largest: Int)?
    for index in chain {
      let node = graph.nodes[index]
      let type = graph[node.outputs[0]].type
      func count(_ input: Int) -> Int {
        node.inputs.indices.contains(input) ? node.inputs[input].map { graph[$0].type.shape.reduce(1, *) } ?? 0 : 0
      }
      func shape(_ input: Int) -> [Int] { node.inputs[input].map { graph[$0].type.shape } ?? [1] }
      let results = type.shape.reduce(1, *)
      switch node.operation {
      case is Conv: sum += results * count(1) / max(1, shape(1)[0])
      case is ConvTranspose: sum += count(0) * count(1) / max(1, shape(1)[0])
      case is ConvWeightGradient: sum += count(1) * results / max(1, type.shape[0])
      case let gemm as Gemm: sum += results * shape(0)[gemm.transA ? 0 : 1]
      default: break
      }
      if let dimension = type.batch { batch = (dimension, type.shape[0]) }
    }
    multiplyAdds = sum
    self.batch = batch
  }

  func multiplyAdds(_ sizes: [BatchDimension: Int]) -> Int {
    guard let batch, let size = sizes[batch.dimension] else { return multiplyAdds }
    return multiplyAdds / max(1, batch.largest) * size
  }
}
