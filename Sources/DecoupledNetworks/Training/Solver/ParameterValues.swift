import DecoupledCore

/// float32 values of several tensors.
struct ParameterValues {
  /// One buffer a tensor; the tensors are kept alive beside them.
  let buffers: [UnsafeMutableBufferPointer<Float>]
  private let tensors: [Tensor]

  init(_ tensors: [Tensor]) throws {
    self.tensors = tensors
    buffers = try tensors.map { try $0.elements(Float.self) }
  }

  subscript(block: ParameterBlocks.Block) -> UnsafeMutablePointer<Float> {
    buffers[block.tensor].baseAddress.unsafelyUnwrapped + block.range.lowerBound
  }
}
