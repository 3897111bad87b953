/// A Swift type that arrays of safetensors files are read as and written from.
public protocol SafetensorsNumber: BitwiseCopyable {
  static var safetensorsType: SafetensorsType { get }
}

extension Float: SafetensorsNumber {
  public static var safetensorsType: SafetensorsType { .float32 }
}

extension Int32: SafetensorsNumber {
  public static var safetensorsType: SafetensorsType { .int32 }
}

extension UInt8: SafetensorsNumber {
  public static var safetensorsType: SafetensorsType { .uint8 }
}
