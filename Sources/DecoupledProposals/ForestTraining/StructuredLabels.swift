import DecoupledBase

/// Tells the segmentations of a node apart: two classes for the split, and the one in their middle for a leaf.
///
/// Segmentations are compared by whether pairs of pixels lie in one segment; the direction in which these answers vary most
/// (their first principal component) divides them (ICCV 2013, section 3).
struct StructuredLabels {
  /// For each sample of the node its class.
  private(set) var isSecond: [Bool] = []
  /// The sample nearest to the mean of all.
  private(set) var representative: Int
  /// No pair is answered differently by any two samples.
  private(set) var isPure = true

  /// Most samples from which the principal component is found.
  private static let directionSamples = 1024
  private static let iterations = 12

  init(_ samples: TreeSamples, _ members: [Int32], pairs: Int, random: inout CounterRandom) {
    representative = Int(members[0])
    let (answers, means) = Self.answers(samples, members, pairs: pairs, &random)
    let count = members.count
    let dimensions = means.count
    guard dimensions > 0 else { return }
    isPure = false
    var least = Float.infinity
    answers.withUnsafeBufferPointer { answers in
      for k in 0..<count {
        var distance: Float = 0
        for d in 0..<dimensions {
          let difference = Float(answers[k &* dimensions &+ d]) - means[d]
          distance += difference * difference
        }
        if distance < least { (least, representative) = (distance, Int(members[k])) }
      }
    }
    let direction = Self.direction(answers, means, count: count)
    let offset = zip(direction, means).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    isSecond = [Bool](repeating: false, count: count)
    answers.withUnsafeBufferPointer { answers in
      direction.withUnsafeBufferPointer { direction in
        for k in 0..<count {
          var sum: Float = 0
          for d in 0..<dimensions { sum += Float(answers[k &* dimensions &+ d]) * direction[d] }
          isSecond[k] = sum > offset
        }
      }
    }
  }

  /// For each sample and each pair that not all answer alike, 1 when its pixels lie in one segment; and the means.
  private static func answers(
    _ samples: TreeSamples, _ members: [Int32], pairs: Int, _ random: inout CounterRandom
  ) -> ([UInt8], [Float]) {
    let area = samples.area
    let chosen = (0..<pairs).map { _ -> (Int, Int) in
      let first = random.int(0...(area - 1))
      let second = random.int(0...(area - 2))
      return (first, second >= first ? second + 1 : second)
    }
    var counts = [Int](repeating: 0, count: pairs)
    for member in members {
      let patch = Int(member) &* area
      for (p, pair) in chosen.enumerated()
      where samples.segments[patch &+ pair.0] == samples.segments[patch &+ pair.1] { counts[p] &+= 1 }
    }
    let varying = (0..<pairs).filter { counts[$0] > 0 && counts[$0] < members.count }
    let kept = varying.map { chosen[$0] }
    let answers = [UInt8](unsafeUninitializedCapacity: members.count * kept.count) { target, count in
      var at = 0
      for member in members {
        let patch = Int(member) &* area
        for pair in kept {
          target[at] = samples.segments[patch &+ pair.0] == samples.segments[patch &+ pair.1] ? 1 : 0
          at &+= 1
        }
      }
      count = at
    }
    return (answers, varying.map { Float(counts[$0]) / Float(members.count) })
  }

  /// The first principal component by power iteration, over evenly taken samples.
  private static func direction(_ answers: [UInt8], _ means: [Float], count: Int) -> [Float] {
    let dimensions = means.count
    let used = min(count, directionSamples)
    let rows = (0..<used).map { $0 * count / used }
    // The start must not be orthogonal to the component: the row that is farthest from the mean seldom is.
    var direction = means
    var farthest: Float = -1
    for row in rows {
      let centred = (0..<dimensions).map { Float(answers[row * dimensions + $0]) - means[$0] }
      let length = centred.reduce(0) { $0 + $1 * $1 }
      if length > farthest { (farthest, direction) = (length, centred) }
    }
    var next = direction
    answers.withUnsafeBufferPointer { answers in
      for _ in 0..<iterations {
        let offset = zip(direction, means).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        var total: Float = 0
        for d in 0..<dimensions { next[d] = 0 }
        next.withUnsafeMutableBufferPointer { next in
          direction.withUnsafeBufferPointer { direction in
            for row in rows {
              let start = row &* dimensions
              var sum = -offset
              for d in 0..<dimensions { sum += Float(answers[start &+ d]) * direction[d] }
              for d in 0..<dimensions { next[d] += Float(answers[start &+ d]) * sum }
              total += sum
            }
          }
        }
        for d in 0..<dimensions { next[d] -= means[d] * total }
        let length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0, length.isFinite else { break }
        for d in 0..<dimensions { direction[d] = next[d] / length }
      }
    }
    return direction
  }
}
