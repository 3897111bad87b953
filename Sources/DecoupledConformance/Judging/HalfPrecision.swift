/// IEEE binary16 by hand: the Swift type of that name does not exist on every processor.
enum HalfPrecision {
  static func bits(_ value: Double) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    if value.isNaN { return 0x7E00 }
    let magnitude = abs(value)
    if magnitude >= 65520 { return sign | 0x7C00 }
    if magnitude == 0 { return sign }
    // Numbers below 2^-14 have the spacing 2^-24.
    let exponent = max(magnitude.exponent, -14)
    let steps = (magnitude * Double(sign: .plus, exponent: 10 - Int(exponent), significand: 1)).rounded(
      .toNearestOrEven)
    if steps < 1024 { return sign | UInt16(steps) }
    let carried = steps == 2048
    let biased = UInt16(Int(exponent) + 15 + (carried ? 1 : 0))
    return sign | biased << 10 | (carried ? 0 : UInt16(steps) - 1024)
  }

  static func value(_ bits: UInt16) -> Double {
    let sign = bits & 0x8000 == 0 ? 1.0 : -1.0
    let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    if exponent == 0 { return sign * fraction * 0x1p-24 }
    return sign * (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
  }

  static func rounded(_ value: Double) -> Double { self.value(bits(value)) }
}
