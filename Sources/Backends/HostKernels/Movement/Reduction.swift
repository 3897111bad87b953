/// ReduceSum over any axes, in double. Each row (index 0) has its own partial sums in the workspace; where the rows are
/// summed as well, that happens in their order.
import CDecoupled
import DecoupledBackendKit

final class Reduction: SwiftKernel {
  private let x: Operand
  private let y: Operand
  private let sumsRows: Bool
  /// Places within a row of the kept indices, and of the summed ones but for the last `run` elements, which are adjacent.
  private let kept: [Int]
  private let summed: [Int]
  private let run: Int
  let workspaceSize: Int

  init(_ node: NodeReader) throws {
    let x = try node.input(0)
    let y = try node.output(0)
    (self.x, self.y) = (x, y)
    let rank = x.shape.count
    guard let axes = node.node.integers("axes") else { throw node.refusal("attribute axes is missing") }
    let reduced = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    try node.require(reduced.allSatisfy { $0 >= 0 && $0 < rank }, "axes \(axes) of a tensor of \(rank) dimensions")
    let remaining = (0..<rank).filter { !reduced.contains($0) }.map { x.shape[$0] }
    try node.require(y.shape == (remaining.isEmpty ? [1] : remaining), "the result has shape \(y.shape)")
    sumsRows = reduced.contains(0)
    var step = 1
    var (kept, summed, run) = ([0], [0], 1)
    for axis in stride(from: rank - 1, to: 0, by: -1) {
      let size = x.shape[axis]
      if !reduced.contains(axis) {
        kept = (0..<size).flatMap { index in kept.map { $0 + index * step } }
      } else if step == run, kept.count == 1 {
        run *= size
      } else {
        summed = (0..<size).flatMap { index in summed.map { $0 + index * step } }
      }
      step *= size
    }
    (self.kept, self.summed, self.run) = (kept, summed, run)
    workspaceSize = x.rows * kept.count * MemoryLayout<Double>.size
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let y: Rows<Float> = try call.output(self.y)
    guard let partials = call.workspace?.assumingMemoryBound(to: Double.self) else { return }
    try call.requireBatch(sumsRows ? self.y.rows : x.count, y.count, layer: self.x.layer)
    let total = x.count * kept.count
    let group = max(1, RowTasks.target / (run * summed.count))
    try call.parallelFor((total + group - 1) / group) { index, _ in
      kept.withUnsafeBufferPointer { kept in
        summed.withUnsafeBufferPointer { summed in
          for place in index * group..<min(total, (index + 1) * group) {
            let start = x[place / kept.count] + kept[place % kept.count]
            var sum = 0.0
            for offset in summed { sum += run == 1 ? Double(start[offset]) : Sums.sum(start + offset, run) }
            partials[place] = sum
          }
        }
      }
    }
    if sumsRows {
      for index in 0..<kept.count {
        var sum = 0.0
        for row in 0..<x.count { sum += partials[row * kept.count + index] }
        y[index / y.length][index % y.length] = Float(sum)
      }
    } else {
      for index in 0..<total { y[index / kept.count][index % kept.count] = Float(partials[index]) }
    }
  }
}
