/// The vectors of these kernels: eight channels in transforms, sixteen columns in products.

typealias Vector8 = SIMD8<Float>
typealias Vector16 = SIMD16<Float>

@inline(__always) func load16(_ address: UnsafePointer<Float>) -> Vector16 {
  UnsafeRawPointer(address).loadUnaligned(as: Vector16.self)
}

@inline(__always) func store16(_ value: Vector16, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: Vector16.self)
}

/// sum + a * b, rounded once where the processor can.
@inline(__always) func multiplyAdd<V: SIMD>(_ sum: V, _ a: V, _ b: V) -> V where V.Scalar: FloatingPoint {
  #if FUSED_MULTIPLY_ADD || !arch(x86_64)
    return sum.addingProduct(a, b)
  #else
    return sum + a * b
  #endif
}

/// The first `count` elements at `address`, zeros behind them.
@inline(__always) func load8(_ address: UnsafePointer<Float>, first count: Int) -> Vector8 {
  var result = Vector8()
  for i in 0..<count { result[i] = address[i] }
  return result
}

/// Writes the first `count` elements.
@inline(__always) func store8(_ value: Vector8, _ address: UnsafeMutablePointer<Float>, first count: Int) {
  for i in 0..<count { address[i] = value[i] }
}
