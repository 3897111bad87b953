/// What the convolutions with few pixels and large weights share (the fully connected layers as convolutions, and their
/// transposes): when they are used, and how they read weights.
///
/// Such a layer has hundreds of megabytes of weights, mapped from a file, and a few pixels for each image. So the weights
/// are read where they lie, each once for the pixels of all images of the batch, in long pieces of their rows; what is
/// rearranged is the side of the pixels. Weights may be float16: they are widened in the cache, piece by piece.
import CDecoupled
import CProcessor
import DecoupledBackendKit

struct LargeWeights {
  let operand: Operand
  let isHalf: Bool

  init(_ node: NodeReader, _ index: Int) throws {
    let operands = node.node.inputOperands
    isHalf = index < operands.count && Int(operands[index].tensor.element_type) == Int(DCN_ELEMENT_F16)
    operand = try node.input(index, rank: 4...4, type: isHalf ? Int(DCN_ELEMENT_F16) : Int(DCN_ELEMENT_F32))
  }

  /// Whether a layer is computed in this way. Smaller weights are worth it only where nobody else takes the layouts.
  static func fit(_ weights: [Int], pixels: Int, _ images: Operand..., isHalf: Bool = false) -> Bool {
    pixels < 36
      && (weights.reduce(1, *) >= 1 << 12 || isHalf || images.contains { $0.isChannelsLast })
  }

  func rows(_ call: KernelCall) throws -> LargeWeightRows {
    if isHalf {
      let rows: Rows<Float16> = try call.parameter(operand)
      return LargeWeightRows(floats: nil, halves: rows.base, step: rows.stride)
    }
    let rows: Rows<Float> = try call.parameter(operand)
    return LargeWeightRows(floats: rows.base, halves: nil, step: rows.stride)
  }
}

/// The rows of a weight matrix [rows, channels * kernel cells], of one of two element types.
struct LargeWeightRows {
  let floats: UnsafePointer<Float>?
  let halves: UnsafePointer<Float16>?
  let step: Int

  /// Asks for some elements of a row ahead of their use.
  @inline(__always) func prefetch(_ row: Int, _ start: Int, _ count: Int) {
    let place = row * step + start
    if let floats {
      for i in stride(from: 0, to: count, by: 16) { dcn_processor_prefetch(floats + (place + i)) }
    } else if let halves {
      for i in stride(from: 0, to: count, by: 32) { dcn_processor_prefetch(halves + (place + i)) }
    }
  }

  @inline(__always) private func widened(_ address: UnsafePointer<Float16>) -> SIMD8<Float> {
    SIMD8<Float>(UnsafeRawPointer(address).loadUnaligned(as: SIMD8<Float16>.self))
  }

  /// Copies a piece of a row, widened to float32.
  @inline(__always) func copy(_ row: Int, _ start: Int, _ count: Int, to target: UnsafeMutablePointer<Float>) {
    if let floats {
      target.update(from: floats + (row * step + start), count: count)
    } else if let halves {
      let source = halves + (row * step + start)
      vectors(count) { i in
        store8(widened(source + i), target + i)
      } rest: { i in
        target[i] = Float(source[i])
      }
    }
  }
}

extension Epilogue {
  /// What becomes of one sum of a channel.
  @inline(__always) func value(_ sum: Float, channel: Int) -> Float {
    var value = sum + (bias?[channel] ?? 0)
    if let mean, let factor, let shift { value = (value - mean[channel]) * factor[channel] + shift[channel] }
    return activation.value(value)
  }
}
