/// A Swift type that tensors can hold.
public protocol TensorElement: Sendable {
  static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }

extension Double: TensorElement { public static var elementType: ElementType { .float64 } }

extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }

extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }

extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
