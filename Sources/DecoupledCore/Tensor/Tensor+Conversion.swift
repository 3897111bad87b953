import DecoupledBase

extension Tensor {
  /// The elements as float32: the tensor itself when it has them, else a copy.
  /// - Throws: `unsupported` when the elements are no real numbers.
  public func asFloat32() throws -> Tensor {
    switch elementType {
    case .float32: return self
    case .float64: return try converted { (x: Double) in Float(x) }
    case .bfloat16: return try converted { (x: UInt16) in Float(bitPattern: UInt32(x) << 16) }
    case .float16:
      #if arch(x86_64) || arch(arm64)
        return try converted { (x: Float16) in Float(x) }
      #else
        throw EngineError(.unsupported, "This processor's build does not read half-precision tensors.")
      #endif
    case .int8, .uint8, .int32, .int64:
      throw EngineError(.unsupported, "A tensor of \(elementType) holds no real numbers.")
    }
  }

  /// A copy in half precision, rounded to nearest; values beyond its range become infinite.
  public func asFloat16() throws -> Tensor {
    #if arch(x86_64) || arch(arm64)
      let source = try asFloat32().elements(Float.self)
      let result = try Tensor(zeros: shape, .float16)
      let target = result.bytes.assumingMemoryBound(to: Float16.self)
      for index in source.indices { target[index] = Float16(source[index]) }
      return result
    #else
      throw EngineError(.unsupported, "This processor's build does not write half-precision tensors.")
    #endif
  }

  private func converted<Source>(_ convert: (Source) -> Float) throws -> Tensor {
    guard isContiguous else { throw EngineError(.internal, "A view of shape \(shape) was to be converted.") }
    let result = try Tensor(zeros: shape)
    let (source, target) = (
      bytes.assumingMemoryBound(to: Source.self), result.bytes.assumingMemoryBound(to: Float.self)
    )
    for index in 0..<elementCount { target[index] = convert(source[index]) }
    return result
  }
}
