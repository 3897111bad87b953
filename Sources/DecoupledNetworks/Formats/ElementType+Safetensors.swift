import DecoupledBase
import DecoupledCore

extension ElementType {
  /// The elements of a tensor from a safetensors file.
  init(_ type: SafetensorsType) {
    self =
      switch type {
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .float64: .float64
      case .int8: .int8
      case .uint8, .bool: .uint8
      case .int32: .int32
      case .int64: .int64
      }
  }

  /// What a safetensors file calls the type.
  var safetensors: SafetensorsType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float64: .float64
    case .int8: .int8
    case .uint8: .uint8
    case .int32: .int32
    case .int64: .int64
    }
  }
}
