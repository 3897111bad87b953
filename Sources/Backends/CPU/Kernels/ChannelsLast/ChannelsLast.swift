/// Kernels for values in channels-last (NHWC) memory, and for convolutions with large weights in either layout: which of
/// them runs a chain, and what they share.
///
/// A value changes its layout where its planes become small, so most kernels take any mixture of the two layouts: quickly
/// where all operands are channels-last, with plain strided loops otherwise, which small values can afford.
import CDecoupled
import DecoupledBackendKit

enum ChannelsLast {
  /// The kernel for a chain, nil when it is none of these and may be looked for elsewhere. Operators that only walk over
  /// dense rows are left to the shared kernels in both layouts.
  static func makeKernel(_ chain: Chain, _ readers: [NodeReader]) throws -> (any SwiftKernel)? {
    let node = readers[0]
    let kind = Int(chain[0].kind)
    switch kind {
    case Int(DCN_OPERATOR_CONVERT): return try LayoutConversion(node)
    case Int(DCN_OPERATOR_CONV): return try LargeWeightConvolution(ifFits: readers)
    case Int(DCN_OPERATOR_CONV_TRANSPOSE): return try LargeWeightTransposedConvolution(ifFits: readers)
    case Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT): return try LargeWeightGradient(ifFits: node)
    default: break
    }
    guard chain.contains(where: { $0.touchesChannelsLast }) else { return nil }
    switch kind {
    case Int(DCN_OPERATOR_MAX_POOL): return try ChannelsLastMaximumPooling(node)
    case Int(DCN_OPERATOR_MAX_UNPOOL): return try ChannelsLastMaximumUnpooling(node)
    case Int(DCN_OPERATOR_MAX_UNPOOL_GRADIENT): return try ChannelsLastMaximumUnpoolingGradient(node)
    case Int(DCN_OPERATOR_AVERAGE_POOL): return try ChannelsLastAveragePooling(node)
    case Int(DCN_OPERATOR_AVERAGE_UNPOOL): return try ChannelsLastAverageUnpooling(node)
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION) where readers.count == NormalizationReluGradient.length:
      return try ChannelsLastNormalizationGradient(readers)
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION): return try ChannelsLastNormalization(readers)
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT): return try ChannelsLastNormalizationGradient(readers)
    case Int(DCN_OPERATOR_REDUCE_SUM): return try ChannelsLastReduction(node)
    case Int(DCN_OPERATOR_CONCAT) where try node.axis(rank: 4) == 1: return try ChannelsLastConcatenation(node)
    case Int(DCN_OPERATOR_SLICE) where try node.axis(rank: 4) == 1: return try ChannelsLastSlice(node)
    default: return nil
    }
  }
}

extension dcn_node {
  /// Whether any operand is in channels-last layout.
  var touchesChannelsLast: Bool {
    inputOperands.contains { $0.isChannelsLast } || outputOperands.contains { $0.isChannelsLast }
  }
}

extension dcn_operand {
  fileprivate var isChannelsLast: Bool { !isAbsent && Int(tensor.layout) == Int(DCN_LAYOUT_NHWC) }
}

extension NodeReader {
  /// An input [N, C, H, W] in whichever of the two layouts it is offered.
  func image(_ index: Int, type: Int = Int(DCN_ELEMENT_F32)) throws -> Operand {
    try input(index, rank: 4...4, type: type, layout: layout(node.inputOperands, index))
  }

  /// An output [N, C, H, W] in whichever of the two layouts it is offered.
  func resultImage(_ index: Int, type: Int = Int(DCN_ELEMENT_F32)) throws -> Operand {
    try output(index, rank: 4...4, type: type, layout: layout(node.outputOperands, index))
  }

  /// The same for an output that may be absent.
  func optionalResultImage(_ index: Int, type: Int = Int(DCN_ELEMENT_F32)) throws -> Operand? {
    try optionalOutput(index, rank: 4...4, type: type, layout: layout(node.outputOperands, index))
  }

  private func layout(_ operands: UnsafeBufferPointer<dcn_operand>, _ index: Int) -> Int {
    index < operands.count && operands[index].isChannelsLast ? Int(DCN_LAYOUT_NHWC) : Int(DCN_LAYOUT_NCHW)
  }
}

/// How far apart the elements of an image lie: channel c at place p = y * W + x is element c * channel + p * pixel.
struct ImageSteps {
  let channel: Int
  let pixel: Int
}

extension Operand {
  var isChannelsLast: Bool { Int(layout) == Int(DCN_LAYOUT_NHWC) }

  var steps: ImageSteps {
    isChannelsLast ? ImageSteps(channel: 1, pixel: shape[1]) : ImageSteps(channel: planeLength, pixel: 1)
  }
}

/// The pixels (or rows of pixels) of all images in blocks of about 32768 elements. A block lies within one image.
struct PixelTasks {
  let pixels: Int
  let block: Int
  let blocksPerImage: Int
  let count: Int

  /// - Parameter length: elements of each pixel (or row).
  init(images: Int, pixels: Int, length: Int) {
    let wanted = max(1, RowTasks.target / length)
    self.pixels = pixels
    blocksPerImage = (pixels + wanted - 1) / wanted
    block = (pixels + blocksPerImage - 1) / blocksPerImage
    count = images * blocksPerImage
  }

  func image(_ index: Int) -> Int { index / blocksPerImage }

  func range(_ index: Int) -> Range<Int> {
    let first = min(pixels, index % blocksPerImage * block)
    return first..<min(pixels, first + block)
  }
}

@inline(__always) func loadIndices8(_ address: UnsafePointer<Int32>) -> SIMD8<Int32> {
  UnsafeRawPointer(address).loadUnaligned(as: SIMD8<Int32>.self)
}

@inline(__always) func storeIndices8(_ value: SIMD8<Int32>, _ address: UnsafeMutablePointer<Int32>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: SIMD8<Int32>.self)
}
