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
