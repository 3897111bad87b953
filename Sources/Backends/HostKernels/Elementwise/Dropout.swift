/// Dropout with the counter-based generator of the contract: element i depends on the seed and i alone.
import CDecoupled
import DecoupledBackendKit

final class Dropout: SwiftKernel {
  private let x: Operand
  private let seed: Operand
  private let y: Operand
  private let mask: Operand
  private let ratio: Float
  private let factor: Float

  init(_ node: NodeReader) throws {
    x = try node.input(0)
    seed = try node.input(1, rank: 1...1, type: Int(DCN_ELEMENT_I64))
    y = try node.output(0)
    mask = try node.output(1)
    let ratio = node.node.real("ratio", default: 0.5)
    try node.require(ratio >= 0 && ratio < 1, "ratio \(ratio) is not in 0..<1")
    try node.require(seed.shape == [1], "the seed has shape \(seed.shape)")
    try node.require(y.shape == x.shape && mask.shape == x.shape, "shapes \(x.shape), \(y.shape), \(mask.shape) differ")
    self.ratio = Float(ratio)
    factor = Float(1 / (1 - ratio))
  }

  func run(_ call: KernelCall) throws {
    let x: Rows<Float> = try call.input(self.x)
    let seed: Rows<Int64> = try call.input(self.seed)
    let y: Rows<Float> = try call.output(self.y)
    let mask: Rows<Float> = try call.output(self.mask)
    try call.requireBatch(x.count, y.count, mask.count, layer: self.x.layer)
    let start = UInt64(bitPattern: seed.base[0])
    let tasks = RowTasks(rows: x.count, length: x.length)
    try call.parallelFor(tasks.count) { index, _ in
      tasks.each(index) { row, first, count in
        let source = x[row] + first
        let target = y[row] + first
        let flags = mask[row] + first
        let offset = UInt64(row * x.length + first)
        for i in 0..<count {
          let bits = Self.mix(start &+ (offset &+ UInt64(i)) &* 0x9E37_79B9_7F4A_7C15) >> 40
          let flag = Float(Int32(truncatingIfNeeded: bits)) * 0x1p-24 < ratio ? 0 : factor
          flags[i] = flag
          target[i] = source[i] * flag
        }
      }
    }
  }

  @inline(__always) private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z ^= z >> 30
    z = z &* 0xBF58_476D_1CE4_E5B9
    z ^= z >> 27
    z = z &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
