/// Types of the numbers in safetensors files that are read and written, by their names there.
public enum SafetensorsType: String, Sendable {
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float64 = "F64"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"
  case int32 = "I32"
  case int64 = "I64"

  /// Bytes of a number.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }
}
