/// Type of a value in a graph: its elements, and its shape for the largest batch.
public struct ValueType: Hashable, Sendable, CustomStringConvertible {
  public var elementType: ElementType
  /// With `batch`, dimension 0 is the largest batch size.
  public var shape: [Int]
  /// What dimension 0 counts, nil when the shape is fixed.
  public var batch: BatchDimension?

  public init(_ elementType: ElementType, _ shape: [Int], batch: BatchDimension? = nil) {
    self.elementType = elementType
    self.shape = shape
    self.batch = batch
  }

  /// The same but for the shape; the batch dimension stays in place.
  public func with(shape: [Int]) -> ValueType { ValueType(elementType, shape, batch: batch) }

  public func with(elementType: ElementType) -> ValueType { ValueType(elementType, shape, batch: batch) }

  public var description: String { "\(elementType)\(shape)\(batch.map { " by \($0)" } ?? "")" }
}
