import DecoupledBase
import DecoupledCore

/// Shapes of outputs, from the formulas written at each operator of `backend.h`.
extension NodeSpec {
  /// - Parameter shapes: of the inputs, nil for absent ones.
  /// - Throws: `EngineError` when the inputs do not fit.
  func outputShapes(_ shapes: [[Int]?]) throws -> [[Int]] {
    func shape(_ index: Int, rank: Int? = nil) throws -> [Int] {
      guard shapes.indices.contains(index), let found = shapes[index] else {
        throw EngineError(.invalidArgument, "\(kind.name) needs input \(index).")
      }
      guard found.allSatisfy({ $0 > 0 }), (1...8).contains(found.count), rank == nil || found.count == rank else {
        throw EngineError(.invalidArgument, "\(kind.name) does not take a shape of \(found) as input \(index).")
      }
      return found
    }
    switch kind {
    case .conv:
      let (x, w) = (try shape(0, rank: 4), try shape(1, rank: 4))
      return [[x[0], w[0]] + (try windows(of: Array(w[2...]), over: Array(x[2...])))]
    case .convTranspose:
      let (x, w) = (try shape(0, rank: 4), try shape(1, rank: 4))
      let (strides, pads, dilations) = try geometry()
      let padding = integers("output_padding") ?? [0, 0]
      let size = (0..<2).map { axis -> Int in
        let extent = dilations[axis] * (w[2 + axis] - 1) + 1
        let full = (x[2 + axis] - 1) * strides[axis] + extent
        return full - pads[axis] - pads[axis + 2] + padding[axis]
      }
      return [[x[0], w[1] * integer("group", default: 1)] + size]
    case .convWeightGradient:
      let inputs = try shape(0, rank: 4)[1] / integer("group", default: 1)
      return [[try shape(1, rank: 4)[1], inputs] + (try required("kernel_shape", 2))]
    case .reduceSum:
      let axes = integers("axes") ?? []
      let x = try shape(0)
      let kept = x.indices.filter { !axes.contains($0) }.map { x[$0] }
      return [kept.isEmpty ? [1] : kept]
    case .maxPool:
      let x = try shape(0, rank: 4)
      let size = try windows(of: required("kernel_shape", 2), over: Array(x[2...]))
      return [Array(x[..<2]) + size, Array(x[..<2]) + size]
    case .averagePool:
      let x = try shape(0, rank: 4)
      return [Array(x[..<2]) + (try windows(of: required("kernel_shape", 2), over: Array(x[2...])))]
    case .maxUnpool, .averageUnpool, .resize, .resizeGradient:
      return [Array(try shape(0, rank: 4)[..<2]) + (try required("output_shape", 2))]
    case .maxUnpoolGradient:
      return [Array(try shape(0, rank: 4)[..<2]) + (try shape(1, rank: 4)[2...])]
    case .relu, .reluGradient, .sigmoid, .sigmoidGradient, .softmax, .softmaxGradient, .mul, .add, .scale, .convert:
      return [try shape(0)]
    case .batchNormalization:
      let x = try shape(0)
      let channels = [x.count > 1 ? x[1] : 0]
      return Array([x, channels, channels].prefix(outputCount))
    case .batchNormalizationGradient:
      let x = try shape(0)
      return [x, [x.count > 1 ? x[1] : 0], [x.count > 1 ? x[1] : 0]]
    case .concat:
      let flags = integers("mapped") ?? []
      let count = flags.isEmpty ? shapes.count : flags.count
      let axis = integer("axis", default: 1)
      guard let leading = (0..<count).first(where: { flags.isEmpty || flags[$0] == 0 }) else {
        throw EngineError(.invalidArgument, "Concat needs an operand that is not mapped.")
      }
      var result = try shape(leading)
      guard result.indices.contains(axis) else {
        throw EngineError(.invalidArgument, "Concat has no axis \(axis) to join along.")
      }
      result[axis] = try (0..<count).reduce(0) { sum, index in
        let operand = try shape(index)
        guard operand.indices.contains(axis) else {
          throw EngineError(.invalidArgument, "Concat has no axis \(axis) to join along.")
        }
        return sum + operand[axis]
      }
      return [result]
    case .slice:
      var x = try shape(0)
      let axis = integer("axis", default: -1)
      guard x.indices.contains(axis) else { throw EngineError(.invalidArgument, "Slice has no axis \(axis).") }
      x[axis] = integer("end", default: 0) - integer("start", default: 0)
      return [x]
    case .gemm:
      let (a, b) = (try shape(0, rank: 2), try shape(1, rank: 2))
      return [[a[flag("transA") ? 1 : 0], b[flag("transB") ? 0 : 1]]]
    case .dropout: return [try shape(0), try shape(0)]
    case .sigmoidCrossEntropy, .softmaxCrossEntropy: return [[1]]
    case .sigmoidCrossEntropyGradient, .softmaxCrossEntropyGradient: return [try shape(1)]
    case .gather: return [[try shape(1, rank: 1)[0]] + (try shape(0).dropFirst())]
    }
  }

  private func required(_ name: String, _ count: Int) throws -> [Int] {
    guard let values = integers(name), values.count == count else {
      throw EngineError(.invalidArgument, "\(kind.name) needs \(count) integers as \(name).")
    }
    return values
  }

  func geometry() throws -> (strides: [Int], pads: [Int], dilations: [Int]) {
    let result = (
      integers("strides") ?? [1, 1], integers("pads") ?? [0, 0, 0, 0], integers("dilations") ?? [1, 1]
    )
    guard result.0.count == 2, result.1.count == 4, result.2.count == 2, result.0.allSatisfy({ $0 > 0 }) else {
      throw EngineError(.invalidArgument, "\(kind.name) needs two strides, four pads and two dilations.")
    }
    return result
  }

  /// How many places the window takes along the two axes.
  private func windows(of kernel: [Int], over size: [Int]) throws -> [Int] {
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
