import DecoupledBase
import Glibc

/// A view of typed memory: shape, strides in elements, row-major by default.
///
/// A tensor has reference semantics: copies of the struct, and slices, see the same memory.
public struct Tensor: @unchecked Sendable {
  public let elementType: ElementType
  public let shape: [Int]
  public let strides: [Int]
  public let storage: TensorStorage
  public let byteOffset: Int
  /// Not `nchw` only in tensors that go from plan to plan of one backend.
  let layout: Layout

  public init(
    elementType: ElementType, shape: [Int], strides: [Int]? = nil, storage: TensorStorage, byteOffset: Int = 0
  ) {
    self.elementType = elementType
    self.shape = shape
    self.strides = strides ?? Self.contiguousStrides(shape)
    self.storage = storage
    self.byteOffset = byteOffset
    layout = .nchw
  }

  /// A zeroed tensor in some layout, of its own memory.
  init(zeros shape: [Int], _ elementType: ElementType, _ layout: Layout) throws {
    self.elementType = elementType
    self.shape = shape
    strides = layout.strides(shape)
    storage = try TensorStorage(byteCount: Self.elementCount(shape) * elementType.byteCount)
    byteOffset = 0
    self.layout = layout
  }

  /// A zeroed tensor of its own memory.
  public init(zeros shape: [Int], _ elementType: ElementType = .float32) throws {
    let count = try Self.elementCount(shape)
    self.init(
      elementType: elementType, shape: shape, storage: try TensorStorage(byteCount: count * elementType.byteCount))
  }

  /// A tensor holding a copy of `values` in row-major order.
  /// - Throws: when the count does not fit the shape.
  public init<Element: TensorElement>(_ values: [Element], shape: [Int]) throws {
    try self.init(zeros: shape, Element.elementType)
    guard values.count == elementCount else {
      throw EngineError(.invalidArgument, "\(values.count) values do not fill the shape \(shape).")
    }
    values.withUnsafeBytes { if let source = $0.baseAddress { memcpy(bytes, source, $0.count) } }
  }

  public var elementCount: Int { shape.reduce(1, *) }
  public var byteCount: Int { elementCount * elementType.byteCount }

  /// Address of the first element.
  public var bytes: UnsafeMutableRawPointer { storage.base + byteOffset }

  /// Whether the elements follow each other in row-major order.
  public var isContiguous: Bool { layout == .nchw && strides == Self.contiguousStrides(shape) }

  /// The elements of a contiguous tensor of that type. The tensor must outlive the buffer.
  /// - Throws: when the type differs or the tensor is a strided view.
  public func elements<Element: TensorElement>(_: Element.Type = Element.self) throws -> UnsafeMutableBufferPointer<
    Element
  > {
    guard Element.elementType == elementType, isContiguous else {
      throw EngineError(
        .internal, "A \(elementType) tensor of shape \(shape) was read as contiguous \(Element.elementType).")
    }
    return UnsafeMutableBufferPointer(start: bytes.assumingMemoryBound(to: Element.self), count: elementCount)
  }

  /// A copy of all elements as an array.
  public func array<Element: TensorElement>(_: Element.Type = Element.self) throws -> [Element] {
    Array(try elements(Element.self))
  }

  /// The part `range` along `axis`, sharing this tensor's memory.
  public func slice(axis: Int, _ range: Range<Int>) throws -> Tensor {
    guard shape.indices.contains(axis), range.lowerBound >= 0, range.upperBound <= shape[axis] else {
      throw EngineError(.invalidArgument, "The slice \(range) of axis \(axis) leaves the shape \(shape).")
    }
    var sliced = shape
    sliced[axis] = range.count
    return Tensor(
      elementType: elementType, shape: sliced, strides: strides, storage: storage,
      byteOffset: byteOffset + range.lowerBound * strides[axis] * elementType.byteCount)
  }

  /// Some rows of the batch, sharing this tensor's memory, in its layout.
  public func rows(_ range: Range<Int>) throws -> Tensor {
    guard layout == .nchw || layout == .nhwc else {
      throw EngineError(.internal, "The rows of a tensor in a backend's own layout cannot be taken apart.")
    }
    return Tensor(layout: layout, sharing: try slice(axis: 0, range))
  }

  private init(layout: Layout, sharing other: Tensor) {
    (elementType, shape, strides) = (other.elementType, other.shape, other.strides)
    (storage, byteOffset) = (other.storage, other.byteOffset)
    self.layout = layout
  }

  /// The same memory with another shape of as many elements.
  public func reshaped(_ newShape: [Int]) throws -> Tensor {
    guard isContiguous, newShape.reduce(1, *) == elementCount else {
      throw EngineError(.invalidArgument, "A tensor of shape \(shape) cannot be viewed as \(newShape).")
    }
    return Tensor(elementType: elementType, shape: newShape, storage: storage, byteOffset: byteOffset)
  }

  /// Overwrites this tensor with the contents of a contiguous tensor of the same type and element count.
  public func copyContents(from other: Tensor) throws {
    guard other.elementType == elementType, other.elementCount == elementCount, isContiguous, other.isContiguous else {
      throw EngineError(
        .invalidArgument,
        "A \(other.elementType) tensor of shape \(other.shape) cannot be copied into \(elementType) \(shape).")
    }
    memcpy(bytes, other.bytes, byteCount)
  }

  /// A copy with its own contiguous memory.
  public func copy() throws -> Tensor {
    let result = try Tensor(zeros: shape, elementType)
    try result.copyContents(from: self)
    return result
  }

  public static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }

  /// Number of elements of a shape.
  /// - Throws: on a negative dimension or a product that overflows.
  public static func elementCount(_ shape: [Int]) throws -> Int {
    // Strides are products too, so that a dimension of 0 must not hide the overflow of the others.
    var extent = 1
    for dimension in shape {
      let (product, overflow) = extent.multipliedReportingOverflow(by: Swift.max(dimension, 1))
      guard dimension >= 0, !overflow, product <= Int.max / 8 else {
        throw EngineError(.invalidArgument, "The shape \(shape) has a negative dimension or too many elements.")
      }
      extent = product
    }
    return shape.contains(0) ? 0 : extent
  }
}
