public import CDecoupled

extension dcn_tensor {
  /// Size of dimension `axis`.
  @inlinable public func dimension(_ axis: Int) -> Int {
    withUnsafeBytes(of: dims) { Int($0.load(fromByteOffset: axis * 8, as: Int64.self)) }
  }

  /// Step along `axis` in elements.
  @inlinable public func stride(_ axis: Int) -> Int {
    withUnsafeBytes(of: strides) { Int($0.load(fromByteOffset: axis * 8, as: Int64.self)) }
  }

  /// All dimensions, outermost first.
  public var shape: [Int] { (0..<Int(rank)).map { dimension($0) } }

  /// Number of elements.
  @inlinable public var elementCount: Int {
    var count = 1
    for axis in 0..<Int(rank) { count *= dimension(axis) }
    return count
  }

  /// Whether elements follow each other in row-major order without gaps.
  public var isContiguous: Bool {
    var expected = 1
    for axis in (0..<Int(rank)).reversed() {
      if dimension(axis) != 1 && stride(axis) != expected { return false }
      expected *= dimension(axis)
    }
    return true
  }

  /// Whether the host handed in memory: an absent optional operand has none.
  @inlinable public var isPresent: Bool { buffer != nil }

  /// Address of the first element. Only for operands with memory on the host.
  @inlinable public func elements<Element>(_: Element.Type = Element.self) -> UnsafeMutablePointer<Element> {
    (buffer! + Int(byte_offset)).assumingMemoryBound(to: Element.self)
  }
}
