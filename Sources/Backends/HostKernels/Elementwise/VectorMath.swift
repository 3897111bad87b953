/// Vectors of eight floats: unaligned access and an exponential accurate to about one unit in the last place. Written for
/// the baseline processor, so no fused multiply-add and no rounding instruction.

@inline(__always) func load8(_ address: UnsafePointer<Float>) -> SIMD8<Float> {
  UnsafeRawPointer(address).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always) func store8(_ value: SIMD8<Float>, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: SIMD8<Float>.self)
}

/// exp(x) by range reduction to |r| <= ln(2)/2 and a polynomial of degree 7 (Cephes expf). Infinite above 88.73, 0 below
/// -104, NaN for NaN.
@inline(__always) func exponential(_ argument: SIMD8<Float>) -> SIMD8<Float> {
  typealias Vector = SIMD8<Float>
  var x = argument
  x.replace(with: 89, where: x .> 89)
  x.replace(with: -105, where: x .< -105)
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
  let magic = Vector(repeating: 12_582_912)
  let shifted = x * 1.442_695_04 + magic
  let whole = shifted - magic
  let power = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4B40_0000
  let r = (x - whole * 0.693_359_375) + whole * 2.121_944_40e-4
  var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
  p = p * r + 8.333_451_91e-3
  p = p * r + 4.166_579_59e-2
  p = p * r + 1.666_666_55e-1
  p = p * r + 5.000_000_12e-1
  let y = p * (r * r) + r + 1
  // 2^power in two factors, so that both ends of the range come out right.
  let half = power &>> 1
  let rest = power &- half
  let first = unsafeBitCast((half &+ 127) &<< 23, to: Vector.self)
  let second = unsafeBitCast((rest &+ 127) &<< 23, to: Vector.self)
  return (y * first * second).replacing(with: argument, where: argument .!= argument)
}

/// Calls `body` with each whole vector of `count` elements, then `rest` with the index of each element left over.
@inline(__always) func vectors(_ count: Int, _ body: (Int) -> Void, rest: (Int) -> Void) {
  var i = 0
  while i + 8 <= count {
    body(i)
    i += 8
  }
  while i < count {
    rest(i)
    i += 1
  }
}

/// The same exponential for one value, so that an element's bits do not depend on its place in a row.
@inline(__always) func exponential(_ x: Float) -> Float { exponential(SIMD8<Float>(repeating: x))[0] }
