import DecoupledBase
import DecoupledCore
import Glibc

/// A tensor of a weight file whose values are read when they are needed.
public struct StoredTensor: Sendable {
  /// Values that lie at equal distances in a file.
  struct Run: Sendable {
    var offset: Int
    var count: Int
    /// Bytes from one value to the next.
    var step: Int
  }

  private enum Content: Sendable {
    case memory(Tensor)
    case runs(RandomAccessFile, [Run])
    /// A view with strides, in elements, of values that follow each other from `offset`.
    case view(RandomAccessFile, offset: Int, span: Int, strides: [Int])
  }

  /// What its file calls it.
  public let name: String
  public let shape: [Int]
  public let elementType: ElementType
  private let content: Content

  private init(_ name: String, _ shape: [Int], _ elementType: ElementType, _ content: Content) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.content = content
  }

  /// A tensor that is in memory, or in a mapped file.
  public init(_ name: String, _ tensor: Tensor) {
    self.init(name, tensor.shape, tensor.elementType, .memory(tensor))
  }

  /// Values in a file; the counts of `runs` add up to the elements of `shape`.
  init(_ name: String, shape: [Int], _ elementType: ElementType, file: RandomAccessFile, runs: [Run]) {
    self.init(name, shape, elementType, .runs(file, runs))
  }

  /// A view of `span` values in a file that does not run through them in order.
  init(
    _ name: String, shape: [Int], _ elementType: ElementType, file: RandomAccessFile, offset: Int, span: Int,
    strides: [Int]
  ) {
    self.init(name, shape, elementType, .view(file, offset: offset, span: span, strides: strides))
  }

  public var elementCount: Int { shape.reduce(1, *) }

  /// The same values in another shape of as many elements.
  func reshaped(_ newShape: [Int]) throws -> StoredTensor {
    guard newShape.reduce(1, *) == elementCount else {
      throw EngineError(.internal, "'\(name)' of shape \(shape) cannot be viewed as \(newShape).")
    }
    if case .memory(let tensor) = content { return StoredTensor(name, try tensor.reshaped(newShape)) }
    guard case .view = content else { return StoredTensor(name, newShape, elementType, content) }
    return StoredTensor(name, try raw().reshaped(newShape))
  }

  /// Elements that are in memory at a time while a tensor is read piece by piece.
  static let chunk = 1 << 18

  /// Values `start` to `start + count` in row-major order, as a tensor of rank 1 and of this tensor's own type.
  private func piece(_ start: Int, _ count: Int) throws -> Tensor {
    let width = elementType.byteCount
    switch content {
    case .memory(let tensor):
      guard tensor.isContiguous else { throw EngineError(.internal, "'\(name)' is a strided view.") }
      return Tensor(
        elementType: elementType, shape: [count], storage: tensor.storage, byteOffset: tensor.byteOffset + start * width
      )
    case .view:
      return try StoredTensor(name, try raw()).piece(start, count)
    case .runs(let file, let runs):
      let result = try Tensor(zeros: [count], elementType)
      var (skipped, done) = (0, 0)
      for run in runs where done < count {
        let first = max(0, start + done - skipped)
        let part = min(run.count - first, count - done)
        skipped += run.count
        guard part > 0 else { continue }
        try Self.read(file, run, first, part, width, into: result.bytes + done * width)
        done += part
      }
      return result
    }
  }

  private static func read(
    _ file: RandomAccessFile, _ run: Run, _ first: Int, _ count: Int, _ width: Int,
    into target: UnsafeMutableRawPointer
  ) throws {
    let offset = run.offset + first * run.step
    if run.step == width {
      return try file.read(at: offset, into: UnsafeMutableRawBufferPointer(start: target, count: count * width))
    }
    // What lies between the values too, and nothing behind the last of them.
    let bytes = try file.bytes(offset..<(offset + (count - 1) * run.step + width))
    bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      for index in 0..<count {
        (target + index * width).copyMemory(from: base + index * run.step, byteCount: width)
      }
    }
  }

  /// Hands over the values in row-major order, in pieces of rank 1 and of the tensor's own type.
  func forEachPiece(_ body: (Tensor) throws -> Void) throws {
    // A view is gathered once, not for each piece.
    if case .view = content { return try StoredTensor(name, try raw()).forEachPiece(body) }
    for start in stride(from: 0, to: elementCount, by: Self.chunk) {
      try body(try piece(start, min(Self.chunk, elementCount - start)))
    }
  }

  /// As `forEachPiece`, as float32.
  /// - Throws: `unsupported` when the tensor holds no real numbers.
  func forEachFloats(_ body: (UnsafeBufferPointer<Float>) throws -> Void) throws {
    guard elementType.isFloatingPoint else {
      throw EngineError(.unsupported, "'\(name)' is \(elementType); weights are real numbers.")
    }
    try forEachPiece { piece in
      let floats = try piece.asFloat32()
      try body(UnsafeBufferPointer(try floats.elements(Float.self)))
      withExtendedLifetime(floats) {}
    }
  }

  /// Reads all values.
  /// - Returns: how many there were.
  public func readAll() throws -> Int {
    var count = 0
    try forEachPiece { count += $0.elementCount }
    return count
  }

  /// All values in memory, in the tensor's own type; a mapped tensor as it is.
  func raw() throws -> Tensor {
    switch content {
    case .memory(let tensor): return tensor
    case .runs:
      let result = try Tensor(zeros: shape, elementType)
      var done = 0
      try forEachPiece { piece in
        (result.bytes + done).copyMemory(from: piece.bytes, byteCount: piece.byteCount)
        done += piece.byteCount
      }
      return result
    case .view(let file, let offset, let span, let strides):
      let width = elementType.byteCount
      let source = try Tensor(zeros: [span], elementType)
      try file.read(at: offset, into: UnsafeMutableRawBufferPointer(start: source.bytes, count: span * width))
      let result = try Tensor(zeros: shape, elementType)
      var index = [Int](repeating: 0, count: shape.count)
      var place = 0
      for element in 0..<elementCount {
        (result.bytes + element * width).copyMemory(from: source.bytes + place * width, byteCount: width)
        for axis in shape.indices.reversed() {
          index[axis] += 1
          place += strides[axis]
          if index[axis] < shape[axis] { break }
          place -= shape[axis] * strides[axis]
          index[axis] = 0
        }
      }
      return result
    }
  }

  /// All values as float32 in memory; a mapped float32 tensor as it is.
  func floats() throws -> Tensor {
    guard elementType.isFloatingPoint else {
      throw EngineError(.unsupported, "'\(name)' is \(elementType); weights are real numbers.")
    }
    return try raw().asFloat32()
  }

  /// Whether two tensors hold the same values in the same order, bit for bit as float32.
  func holdsSame(as other: StoredTensor) throws -> Bool {
    guard elementCount == other.elementCount else { return false }
    for start in stride(from: 0, to: elementCount, by: Self.chunk) {
      let count = min(Self.chunk, elementCount - start)
      let (a, b) = (try piece(start, count).asFloat32(), try other.piece(start, count).asFloat32())
      guard memcmp(a.bytes, b.bytes, a.byteCount) == 0 else { return false }
    }
    return true
  }
}
