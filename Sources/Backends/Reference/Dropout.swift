import CDecoupled

/// y = x * mask, where mask[i] is 0 or 1/(1-ratio), drawn from the seed and i alone.
struct Dropout: RealOperator {
  private let ratio: Double

  init(_ attributes: Attributes) throws {
    ratio = try attributes.real("ratio", default: 0.5)
    if !(ratio >= 0 && ratio < 1) { throw attributes.failure("ratio \(ratio) does not lie in 0..<1") }
  }

  func check(_ operands: Operands) throws {
    let x = try operands.shape(.input(0), "x")
    try operands.expect(.input(1), "seed", [1], type: Int(DCN_ELEMENT_I64))
    try operands.expect(.output(0), "y", x)
    try operands.expectOptional(.output(1), "mask", x)
  }

  func run<T: Scalar>(_ operands: Operands, _: T.Type) throws {
    let x = try operands.view(.input(0), as: T.self)
    let seed = UInt64(bitPattern: try operands.view(.input(1), as: Int64.self).base[0])
    let y = try operands.view(.output(0), as: T.self)
    let masks = try operands.optionalView(.output(1), as: T.self)
    let threshold = Float(ratio)
    let kept = T(1 / (1 - ratio))
    let length = x.dims[x.dims.count - 1]

    try operands.parallelFor(lines: x.lineCount(), length: length) { index in
      let (x, y, masks) = (x.line(index), y.line(index), masks?.line(index))
      for i in 0..<length {
        let place = UInt64(index * length + i)
        let drawn = Float(Self.mix(seed &+ place &* 0x9E37_79B9_7F4A_7C15) >> 40) * 0x1p-24
        let mask = drawn < threshold ? 0 : kept
        masks?[i] = mask
        y[i] = x[i] * mask
      }
    }
  }

  /// A bijection of 64 bits whose output looks random.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z ^= z >> 30
    z = z &* 0xBF58_476D_1CE4_E5B9
    z ^= z >> 27
    z = z &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return z
  }
}
