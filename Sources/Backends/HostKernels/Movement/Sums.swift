/// Sums of float32 elements in double precision. Four partial sums run side by side; their order is fixed.
import DecoupledBackendKit

enum Sums {
  typealias Wide = SIMD4<Double>

  @inline(__always) private static func wide(_ address: UnsafePointer<Float>) -> Wide {
    Wide(Double(address[0]), Double(address[1]), Double(address[2]), Double(address[3]))
  }

  @inline(__always) private static func total(_ a: Wide, _ b: Wide) -> Double {
    let s = a + b
    return (s[0] + s[1]) + (s[2] + s[3])
  }

  /// The sum of x.
  static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var (a, b) = (Wide(), Wide())
    var i = 0
    while i + 8 <= count {
      a += wide(x + i)
      b += wide(x + i + 4)
      i += 8
    }
    var sum = total(a, b)
    while i < count {
      sum += Double(x[i])
      i += 1
    }
    return sum
  }

  /// The sum of (x - center)^2.
  static func squares(_ x: UnsafePointer<Float>, center: Double, _ count: Int) -> Double {
    var (a, b) = (Wide(), Wide())
    let c = Wide(repeating: center)
    var i = 0
    while i + 8 <= count {
      let u = wide(x + i) - c
      let v = wide(x + i + 4) - c
      a += u * u
      b += v * v
      i += 8
    }
    var sum = total(a, b)
    while i < count {
      let u = Double(x[i]) - center
      sum += u * u
      i += 1
    }
    return sum
  }

  /// The sums of dy and of dy * (x - center).
  static func products(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, center: Double, _ count: Int
  ) -> (Double, Double) {
    var (a, b, c, d) = (Wide(), Wide(), Wide(), Wide())
    let m = Wide(repeating: center)
    var i = 0
    while i + 8 <= count {
      let (g, h) = (wide(dy + i), wide(dy + i + 4))
      a += g
      b += h
      c += g * (wide(x + i) - m)
      d += h * (wide(x + i + 4) - m)
      i += 8
    }
    var (sum, product) = (total(a, b), total(c, d))
    while i < count {
      sum += Double(dy[i])
      product += Double(dy[i]) * (Double(x[i]) - center)
      i += 1
    }
    return (sum, product)
  }
}

/// The planes of a [N, C, ...] tensor in groups of about 32768 elements.
struct PlaneTasks {
  let planes: Int
  let group: Int

  init(images: Int, channels: Int, pixels: Int) {
    planes = images * channels
    group = max(1, RowTasks.target / pixels)
  }

  var count: Int { (planes + group - 1) / group }

  func planes(_ index: Int) -> Range<Int> { index * group..<min(planes, (index + 1) * group) }
}
