/// Type of a tensor's elements; raw values are those of `backend.h`.
public enum ElementType: Int32, Sendable, CaseIterable {
  case float32 = 1
  case float16 = 2
  case bfloat16 = 3
  case float64 = 4
  case int8 = 5
  case uint8 = 6
  case int32 = 7
  case int64 = 8

  public var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .float16, .bfloat16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float16, .bfloat16, .float64: true
    case .int8, .uint8, .int32, .int64: false
    }
  }
}

/// A Swift type that tensors can hold.
public protocol TensorElement: Sendable {
  static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
