import CDecoupled

extension dcn_tensor {
  /// What stands for an operand that is absent.
  package static var absent: dcn_tensor {
    var tensor = dcn_tensor()
    tensor.struct_size = UInt32(MemoryLayout<dcn_tensor>.size)
    return tensor
  }

  /// A descriptor of the contract.
  package init(
    elementType: ElementType, shape: [Int], strides: [Int], layout: Layout = .nchw, buffer: UnsafeMutableRawPointer?,
    byteOffset: Int = 0
  ) {
    self.init()
    struct_size = UInt32(MemoryLayout<dcn_tensor>.size)
    element_type = elementType.rawValue
    self.buffer = buffer
    byte_offset = UInt64(byteOffset)
    rank = Int32(shape.count)
    self.layout = layout.rawValue
    for axis in shape.indices.prefix(Int(DCN_MAXIMUM_RANK)) {
      setDimension(axis, shape[axis], stride: strides[axis])
    }
  }

  /// A descriptor of a tensor's memory.
  package init(_ tensor: Tensor) {
    self.init(
      elementType: tensor.elementType, shape: tensor.shape, strides: tensor.strides, buffer: tensor.storage.base,
      byteOffset: tensor.byteOffset)
  }

  /// Size of each dimension.
  var sizes: [Int] {
    withUnsafeBytes(of: dims) { bytes in
      (0..<Int(rank)).map { Int(bytes.load(fromByteOffset: $0 * 8, as: Int64.self)) }
    }
  }

  mutating func setDimension(_ axis: Int, _ size: Int, stride: Int? = nil) {
    withUnsafeMutableBytes(of: &dims) { $0.storeBytes(of: Int64(size), toByteOffset: axis * 8, as: Int64.self) }
    if let stride {
      withUnsafeMutableBytes(of: &strides) { $0.storeBytes(of: Int64(stride), toByteOffset: axis * 8, as: Int64.self) }
    }
  }
}
