/// A product of small whole numbers, whose sum must come out exactly: a processor or compiler that gets it wrong is found
/// out before a user relies on it.
enum SelfTest {
  /// The sum of (1 + (row + 3 * column) % 7) * C[row, column], found by integer arithmetic.
  private static let expected: Double = 684

  static func passes() -> Bool {
    let (m, n, k) = (13, 35, 300)
    var a = [Float](repeating: 0, count: m * k)
    var b = [Float](repeating: 0, count: k * n)
    for i in 0..<m * k { a[i] = Float(i * 7 % 11 - 5) }
    for i in 0..<k * n { b[i] = Float(i * 5 % 13 - 6) }
    var c = [Float](repeating: 0, count: m * n)
    Product.run(m: m, n: n, k: k, a, k, b, n, &c, n, beta: 0)
    var sum = 0.0
    for i in 0..<m * n { sum += Double(1 + (i / n + 3 * (i % n)) % 7) * Double(c[i]) }
    return sum == expected
  }
}
