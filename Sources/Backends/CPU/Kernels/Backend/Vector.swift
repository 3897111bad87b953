/// The vectors of these kernels: as many channels as a register holds in transforms, sixteen columns in products.

#if X86_64_V4
  typealias ChannelVector = SIMD16<Float>
#else
  typealias ChannelVector = SIMD8<Float>
#endif
/// Channels of a vector.
@inline(__always) var channelWidth: Int { ChannelVector.scalarCount }

/// A number of channels rounded up to whole vectors.
func wholeVectors(_ channels: Int) -> Int { (channels + channelWidth - 1) & ~(channelWidth - 1) }
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

@inline(__always) func loadChannels(_ address: UnsafePointer<Float>) -> ChannelVector {
  UnsafeRawPointer(address).loadUnaligned(as: ChannelVector.self)
}

@inline(__always) func storeChannels(_ value: ChannelVector, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: ChannelVector.self)
}

/// The first `count` elements at `address`, zeros behind them.
@inline(__always) func loadChannels(_ address: UnsafePointer<Float>, first count: Int) -> ChannelVector {
  var result = ChannelVector()
  for i in 0..<count { result[i] = address[i] }
  return result
}

/// Writes the first `count` elements.
@inline(__always) func storeChannels(
  _ value: ChannelVector, _ address: UnsafeMutablePointer<Float>, first count: Int
) {
  for i in 0..<count { address[i] = value[i] }
}
