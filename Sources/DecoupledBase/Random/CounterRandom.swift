/// Random numbers computed from where they are used: (seed, stream, index, how many were drawn before).
///
/// The numbers of sample 17 are the same whichever worker makes it and whatever was made before, so the order of
/// workers does not matter and a training can be resumed from its position alone. Each number is SplitMix64's finaliser
/// (Steele, Lea, Flood 2014) over a mix of the four.
public struct CounterRandom: RandomNumberGenerator, Sendable {
  @usableFromInline let key: UInt64
  @usableFromInline var drawn: UInt64 = 0

  /// - Parameters:
  ///   - seed: the seed of the whole run.
  ///   - stream: what the numbers are for (crops, dropout, shuffling), so that uses do not share numbers.
  ///   - index: the sample or step.
  @inlinable public init(seed: UInt64, stream: UInt64 = 0, index: UInt64 = 0) {
    key = Self.mix(Self.mix(Self.mix(seed &+ Self.step) ^ stream &+ Self.step) ^ index &+ Self.step)
  }

  /// 64 random bits.
  @inlinable public mutating func next() -> UInt64 {
    drawn &+= 1
    return Self.mix(key &+ drawn &* Self.step)
  }

  /// Evenly spread in 0..<1, with 53 random bits.
  @inlinable public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Evenly spread in the range.
  @inlinable public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A whole number of the range, each equally likely.
  @inlinable public mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// True with the given probability.
  @inlinable public mutating func bool(probability: Double = 0.5) -> Bool { uniform() < probability }

  /// Normally distributed with mean 0 and deviation 1: 12 uniform numbers summed, less 6, which needs no library
  /// function whose last bit differs between machines; |x| stays below 6.
  @inlinable public mutating func gaussian() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }

  /// 0..<count in random order, another one for every epoch (Fisher-Yates).
  @inlinable public static func permutation(count: Int, seed: UInt64, stream: UInt64 = 0, epoch: Int) -> [Int] {
    var random = CounterRandom(seed: seed, stream: stream, index: UInt64(bitPattern: Int64(epoch)))
    return Array(0..<count).shuffled(using: &random)
  }

  /// A number for a text, the same on every machine (FNV-1a, then mixed with the seed).
  @inlinable public static func hash(_ text: String, seed: UInt64 = 0) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return mix(hash ^ mix(seed &+ step))
  }

  @usableFromInline static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inlinable static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
