import DecoupledBase
import DecoupledCore

/// What the shapes of outputs are computed from.
extension NodeSpec {
  /// - Parameter shapes: of the inputs, nil for absent ones.
  /// - Throws: `EngineError` when the inputs do not fit.
  func outputShapes(_ shapes: [[Int]?]) throws -> [[Int]] {
    try kind.entry.outputShapes(self, InputShapes(node: self, shapes: shapes))
  }

  func required(_ name: String, _ count: Int) throws -> [Int] {
    guard let values = integers(name), values.count == count else {
      throw EngineError(.invalidArgument, "\(kind.name) needs \(count) integers as \(name).")
    }
    return values
  }

  func geometry() throws -> (strides: [Int], pads: [Int], dilations: [Int]) {
    let result = (integers("strides") ?? [], integers("pads") ?? [], integers("dilations") ?? [1, 1])
    guard result.0.count == 2, result.1.count == 4, result.2.count == 2, result.0.allSatisfy({ $0 > 0 }) else {
      throw EngineError(.invalidArgument, "\(kind.name) needs two strides, four pads and two dilations.")
    }
    return result
  }

  func slidingWindow(_ kernel: [Int]) throws -> SlidingWindow {
    let (strides, pads, dilations) = try geometry()
    return SlidingWindow(kernel: kernel, strides: strides, pads: pads, dilations: dilations)
  }

  /// How many places the window takes along the two axes.
  func windows(of kernel: [Int], over size: [Int]) throws -> [Int] {
    let (strides, pads, dilations) = try geometry()
    return (0..<2).map { axis in
      let padded = size[axis] + pads[axis] + pads[axis + 2]
      let room = padded - dilations[axis] * (kernel[axis] - 1) - 1
      guard room >= 0 else { return 0 }
      guard flag("ceil_mode") else { return room / strides[axis] + 1 }
      let count = (room + strides[axis] - 1) / strides[axis] + 1
      return (count - 1) * strides[axis] >= size[axis] + pads[axis] ? count - 1 : count
    }
  }
}
