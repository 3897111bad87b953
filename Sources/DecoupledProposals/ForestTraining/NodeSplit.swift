/// The best question of a node about one feature.
struct NodeSplit {
  var feature = -1
  var threshold: Float = 0
  /// How much less impure (Gini) the children are.
  var gain = 0.0
  /// Samples that go left.
  var left = 0

  /// Values that differ by less are equal.
  private static let leastDifference: Float = 1e-6

  /// Scans the sorted values of a feature.
  /// - Parameters:
  ///   - column: where the feature's values begin.
  ///   - keys: scratch memory of at least twice the members.
  static func best(
    _ samples: TreeSamples, column: Int, _ members: [Int32], _ isSecond: [Bool], keys: inout [UInt32]
  ) -> NodeSplit {
    let count = members.count
    var split = NodeSplit()
    // A value's place in the order with the class as the last bit, which is far below the least difference.
    var secondCount = 0
    for k in 0..<count {
      let bits = samples.features[column &* samples.stride &+ Int(members[k])].bitPattern
      let ordered = bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
      keys[k] = ordered & ~1 | (isSecond[k] ? 1 : 0)
      secondCount &+= isSecond[k] ? 1 : 0
    }
    keys.withUnsafeMutableBufferPointer { keys in
      Self.sort(keys.baseAddress.unsafelyUnwrapped, count)
      let total = Double(count)
      let parent = impurity(Double(secondCount), total)
      var second = 0
      for k in 0..<(count &- 1) {
        second &+= Int(keys[k] & 1)
        // Equal neighbours are passed over before their values are compared.
        if keys[k] | 1 == keys[k &+ 1] | 1 { continue }
        let (here, next) = (value(keys[k]), value(keys[k &+ 1]))
        if next - here < leastDifference { continue }
        let left = Double(k &+ 1)
        let right = total - left
        let after =
          (left * impurity(Double(second), left) + right * impurity(Double(secondCount &- second), right)) / total
        if parent - after > split.gain {
          split.gain = parent - after
          split.threshold = 0.5 * (here + next)
          split.left = k &+ 1
        }
      }
    }
    return split
  }

  /// Gini impurity of two classes.
  @inline(__always)
  private static func impurity(_ second: Double, _ count: Double) -> Double {
    let share = second / count
    return 2 * share * (1 - share)
  }

  @inline(__always)
  private static func value(_ key: UInt32) -> Float {
    let ordered = key & ~1
    return Float(bitPattern: ordered & 0x8000_0000 != 0 ? ordered & 0x7FFF_FFFF : ~ordered)
  }

  /// Sorts numbers; many by their digits of 11 bits, with as much memory behind them as they take.
  private static func sort(_ keys: UnsafeMutablePointer<UInt32>, _ count: Int) {
    guard count > 1024 else {
      var few = UnsafeMutableBufferPointer(start: keys, count: count)
      return few.sort()
    }
    var (from, to) = (keys, keys + count)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { starts in
      for shift in [UInt32(0), 11, 22] {
        starts.initialize(repeating: 0)
        for k in 0..<count { starts[Int(from[k] >> shift & 2047)] &+= 1 }
        var sum = 0
        for digit in 0..<2048 { (starts[digit], sum) = (sum, sum &+ starts[digit]) }
        for k in 0..<count {
          let digit = Int(from[k] >> shift & 2047)
          to[starts[digit]] = from[k]
          starts[digit] &+= 1
        }
        swap(&from, &to)
      }
    }
    // After three passes the sorted numbers are in the second half.
    keys.update(from: from, count: count)
  }
}
