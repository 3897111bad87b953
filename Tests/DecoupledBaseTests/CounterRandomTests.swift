import DecoupledBase
import Testing

@Suite struct CounterRandomTests {
  @Test func sameKeySameNumbers() {
    func draw(_ seed: UInt64, _ stream: UInt64, _ index: UInt64) -> [UInt64] {
      var random = CounterRandom(seed: seed, stream: stream, index: index)
      return (0..<4).map { _ in random.next() }
    }
    #expect(draw(1, 2, 3) == draw(1, 2, 3))
    #expect(Set([draw(1, 2, 3), draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4), draw(3, 2, 1), draw(2, 1, 3)]).count == 6)
    // Neighbouring samples must not be shifted copies of each other.
    #expect(!draw(1, 2, 4).contains { draw(1, 2, 3).contains($0) })
  }

  @Test func distributions() {
    var random = CounterRandom(seed: 5)
    let uniform = (0..<20_000).map { _ in random.uniform() }
    #expect(abs(uniform.reduce(0, +) / 20_000 - 0.5) < 0.01)
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    let normal = (0..<20_000).map { _ in random.gaussian() }
    #expect(abs(normal.reduce(0, +) / 20_000) < 0.03)
    #expect(abs(normal.map { $0 * $0 }.reduce(0, +) / 20_000 - 1) < 0.04)
    let ints = (0..<6000).map { _ in random.int(2...4) }
    for value in 2...4 { #expect(abs(ints.count { $0 == value } - 2000) < 200) }
    // Correlation between the first numbers of neighbouring samples.
    let first = (0..<5000).map { index in
      var random = CounterRandom(seed: 1, stream: 1, index: UInt64(index))
      return random.uniform() - 0.5
    }
    let correlation = zip(first, first.dropFirst()).map(*).reduce(0, +) / 5000 * 12
    #expect(abs(correlation) < 0.05)
  }

  @Test func permutations() {
    let first = CounterRandom.permutation(count: 100, seed: 1, epoch: 0)
    #expect(first.sorted() == Array(0..<100))
    #expect(first == CounterRandom.permutation(count: 100, seed: 1, epoch: 0))
    #expect(first != CounterRandom.permutation(count: 100, seed: 1, epoch: 1))
    #expect(CounterRandom.permutation(count: 0, seed: 1, epoch: 0).isEmpty)
  }
}
