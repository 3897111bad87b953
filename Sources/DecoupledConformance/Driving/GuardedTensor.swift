import CDecoupled
import DecoupledBackendKit
import DecoupledCore
import Glibc

/// A tensor of an operand in memory of its own, with words around it, and in its gaps, that nobody may write. They hold
/// NaN (or -1), and so do outputs before a run: what is read from there, or not written at all, shows in the results.
final class GuardedTensor {
  let descriptor: dcn_tensor
  private let elementType: ElementType
  private let shape: [Int]
  private let strides: [Int]
  private let block: GuardedMemory
  private let before: [UInt8]?

  /// - Parameters:
  ///   - layout: of the contract; one that only the backend knows is as large as a row-major one.
  ///   - subject: says how it lies in memory.
  ///   - values: in row-major order, or nil for an output.
  init(
    _ elementType: ElementType, _ shape: [Int], layout: Int32, like subject: Case, values: [Double]?
  ) throws {
    self.elementType = elementType
    self.shape = shape
    strides = Self.strides(shape, layout: layout, gap: subject.gap)
    let size = elementType.byteCount
    let extent = zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    block = try GuardedMemory(byteCount: extent * size, byteOffset: subject.byteOffset, isAtEdge: subject.isAtEdge)
    descriptor = dcn_tensor(
      elementType: elementType, shape: shape, strides: strides, layout: Layout(rawValue: layout),
      buffer: block.allocation, byteOffset: block.start - block.allocation)
    guard let values else {
      before = nil
      return
    }
    let start = block.start
    Self.each(shape, strides) { index, offset in
      Self.store(values[index], at: start + offset * size, elementType)
    }
    before = block.bytes
  }

  /// Steps between elements, with gaps where they are asked for and the shape has room for them.
  static func strides(_ shape: [Int], layout: Int32, gap: Case.Gap) -> [Int] {
    var strides = Layout(rawValue: layout).strides(shape)
    switch gap {
    case .none: break
    case .slice where shape.count > 1: strides[0] += 3 * (strides.dropFirst().max() ?? 1)
    case .pitch where shape.count > 1 && layout == Int32(DCN_LAYOUT_NCHW):
      var step = shape[shape.count - 1] + 5
      for axis in shape.indices.dropLast().reversed() {
        strides[axis] = step
        step *= shape[axis]
      }
    case .slice, .pitch: break
    }
    return strides
  }

  /// The elements in row-major order.
  func values() -> [Double] {
    var result = [Double](repeating: 0, count: shape.reduce(1, *))
    let (start, size, type) = (block.start, elementType.byteCount, elementType)
    Self.each(shape, strides) { index, offset in result[index] = Self.load(start + offset * size, type) }
    return result
  }

  /// The bits of the elements, to be compared with those of another run.
  func bits() -> [UInt8] {
    let size = elementType.byteCount
    var result = [UInt8](repeating: 0, count: shape.reduce(1, *) * size)
    let start = block.start
    result.withUnsafeMutableBytes { target in
      Self.each(shape, strides) { index, offset in
        memcpy(target.baseAddress! + index * size, start + offset * size, size)
      }
    }
    return result
  }

  /// What was written that should not have been, nil for nothing.
  func damage() -> String? {
    if let before { return before == block.bytes ? nil : "changes an input or the words around it" }
    var bytes = block.bytes
    let (first, size) = (block.start - block.allocation, elementType.byteCount)
    bytes.withUnsafeMutableBytes { target in
      Self.each(shape, strides) { _, offset in
        memset(target.baseAddress! + first + offset * size, Int32(GuardedMemory.fill), size)
      }
    }
    guard let place = bytes.firstIndex(where: { $0 != GuardedMemory.fill }) else { return nil }
    let last = first + (zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }) * size
    if place < first { return "writes \(first - place) bytes before its output" }
    if place >= last { return "writes behind its output, \(place - last + 1) bytes or more" }
    return "writes between the elements of its output"
  }

  /// Calls `body(index in row-major order, offset in elements)`.
  private static func each(_ shape: [Int], _ strides: [Int], _ body: (Int, Int) -> Void) {
    let (width, step) = (shape[shape.count - 1], strides[shape.count - 1])
    let lines = shape.dropLast().reduce(1, *)
    var place = [Int](repeating: 0, count: shape.count)
    var index = 0
    for _ in 0..<lines {
      var offset = 0
      for axis in 0..<(shape.count - 1) { offset += place[axis] * strides[axis] }
      for column in 0..<width {
        body(index, offset + column * step)
        index += 1
      }
      var axis = shape.count - 2
      while axis >= 0 {
        place[axis] += 1
        if place[axis] < shape[axis] { break }
        place[axis] = 0
        axis -= 1
      }
    }
  }

  private static func store(_ value: Double, at address: UnsafeMutableRawPointer, _ type: ElementType) {
    func put<T>(_ value: T) { address.initializeMemory(as: T.self, to: value) }
    switch type {
    case .float32: put(Float(value))
    case .float64: put(value)
    case .float16: put(HalfPrecision.bits(value))
    case .bfloat16: put(UInt16(Float(value).bitPattern >> 16))
    case .int8: put(Int8(value))
    case .uint8: put(UInt8(value))
    case .int32: put(Int32(value))
    case .int64: put(Int64(value))
    }
  }

  private static func load(_ address: UnsafeMutableRawPointer, _ type: ElementType) -> Double {
    switch type {
    case .float32: Double(address.loadUnaligned(as: Float.self))
    case .float64: address.loadUnaligned(as: Double.self)
    case .float16: HalfPrecision.value(address.loadUnaligned(as: UInt16.self))
    case .bfloat16: Double(Float(bitPattern: UInt32(address.loadUnaligned(as: UInt16.self)) << 16))
    case .int8: Double(address.loadUnaligned(as: Int8.self))
    case .uint8: Double(address.loadUnaligned(as: UInt8.self))
    case .int32: Double(address.loadUnaligned(as: Int32.self))
    case .int64: Double(address.loadUnaligned(as: Int64.self))
    }
  }
}
