import Glibc

/// A box during the search: the upper left pixel and the distance to the last column and row, which belong to it too.
struct ScoredBox {
  var x: Int32
  var y: Int32
  var width: Int32
  var height: Int32
  var score: Float = 0
}

/// Scores boxes by the contours that lie wholly inside them (paper, section 3.2).
///
/// Holds sums over the image and scratch memory, so that scoring one box allocates nothing; one thread at a time.
final class BoxScorer {
  /// Contours that are connected with the border of a box by less than this count as inside.
  static let leastWeight: Float = 0.05

  private let width: Int
  private let height: Int
  private let minScore: Float
  /// Sums of group magnitudes and of edge magnitudes over all columns to the left and rows above, shape
  /// (width + 1, height + 1).
  private let groupSums, edgeSums: Table<Float>
  private let alongRows, alongColumns: GroupRuns
  /// 1 / size^kappa by half width plus half height.
  private let norms: Table<Float>
  private let groups: Table<Group>
  private let neighbours: Table<Neighbour>
  /// For each group the box that last met it, and its place in `found` then.
  private let meetings: Table<Meeting>
  /// The groups that the present box met, and how much of each is taken away.
  private let found: Table<Int32>
  private let weights: Table<Float>
  /// Counts the boxes from 1; 0 in `meetings` is none.
  private var box: Int32 = 1

  private struct Group: BitwiseCopyable {
    let column, row: Int32
    let magnitude: Float
    /// In `neighbours`; those of the next group begin where they end.
    let firstNeighbour: Int32
  }

  private struct Neighbour: BitwiseCopyable {
    let group: Int32
    let affinity: Float
  }

  private struct Meeting: BitwiseCopyable {
    var box: Int32 = 0
    var place: Int32 = 0
  }

  init(_ groups: EdgeGroups, _ edges: EdgeMap, _ settings: EdgeBoxesSettings) {
    let (width, height) = (edges.width, edges.height)
    (self.width, self.height) = (width, height)
    minScore = settings.minScore
    var magnitudes = [Float](repeating: 0, count: width * height)
    for id in 1..<max(groups.count, 1) {
      magnitudes[Int(groups.column[id]) * height + Int(groups.row[id])] = groups.magnitude[id]
    }
    groupSums = Self.sums(width, height) { x, y in magnitudes[x * height + y] }
    edgeSums = Self.sums(width, height) { x, y in
      let value = edges.magnitude[y * width + x]
      return value > settings.edgeMinMag ? value : 0
    }
    alongRows = GroupRuns(lines: height, length: width) { line, x in groups.ids[x * height + line] }
    alongColumns = GroupRuns(lines: width, length: height) { line, y in groups.ids[line * height + y] }
    norms = Table((0...(width + height)).map { $0 == 0 ? 0 : powf(1 / Float($0), settings.kappa) })
    var nodes = (0..<groups.count).map { id in
      Group(
        column: groups.column[id], row: groups.row[id], magnitude: groups.magnitude[id],
        firstNeighbour: groups.neighbourStart[id])
    }
    nodes.append(Group(column: 0, row: 0, magnitude: 0, firstNeighbour: Int32(groups.neighbours.count)))
    self.groups = Table(nodes)
    neighbours = Table(zip(groups.neighbours, groups.affinities).map { Neighbour(group: $0, affinity: $1) })
    meetings = Table<Meeting>(repeating: Meeting(), count: groups.count)
    found = Table<Int32>(repeating: 0, count: groups.count)
    weights = Table<Float>(repeating: 0, count: groups.count)
  }

  private static func sums(_ width: Int, _ height: Int, _ value: (Int, Int) -> Float) -> Table<Float> {
    let stride = height + 1
    let sums = Table<Float>(repeating: 0, count: (width + 1) * stride)
    // Column and row 0 hold no edges.
    for x in 1..<width {
      for y in 1..<height {
        let i = (x + 1) * stride + y + 1
        sums[i] = value(x, y) + sums[i - stride] + sums[i - 1] - sums[i - stride - 1]
      }
    }
    return sums
  }

  /// Moves the box into the image and sets its score, 0 when it is below the least one.
  ///
  /// Contours are only ever taken away, so that many boxes can be given up early.
  /// - Parameter bound: scores that are not above this are of no interest; they may be given as 0.
  func score(_ candidate: inout ScoredBox, above bound: Float = 0) {
    let x0 = min(max(Int(candidate.x), 0), width &- 1)
    let y0 = min(max(Int(candidate.y), 0), height &- 1)
    let x1 = min(max(Int(candidate.x) &+ Int(candidate.width), 0), width &- 1)
    let y1 = min(max(Int(candidate.y) &+ Int(candidate.height), 0), height &- 1)
    candidate.x = Int32(truncatingIfNeeded: x0)
    candidate.y = Int32(truncatingIfNeeded: y0)
    candidate.width = Int32(truncatingIfNeeded: x1 &- x0)
    candidate.height = Int32(truncatingIfNeeded: y1 &- y0)
    candidate.score = 0
    let (halfWidth, halfHeight) = ((x1 &- x0) / 2, (y1 &- y0) / 2)
    let (middleX, middleY) = (x0 &+ halfWidth / 2, y0 &+ halfHeight / 2)
    let norm = norms[halfWidth &+ halfHeight]
    var value = sum(groupSums, x0, y0, x1, y1)
    value -= sum(edgeSums, middleX, middleY, middleX &+ halfWidth, middleY &+ halfHeight)
    guard value * norm >= minScore, value * norm > bound else { return }
    meet(alongRows, x0, x1, line: y0)
    meet(alongRows, x0, x1, line: y1)
    meet(alongColumns, y0, y1, line: x0)
    meet(alongColumns, y0, y1, line: x1)
    let left = removingContours(
      from: value, inside: Corners(x0, y0, x1, y1), atLeast: max(minScore, bound) / norm)
    candidate.score = left * norm < minScore ? 0 : left * norm
  }

  /// Sum over columns x0...x1 and rows y0...y1.
  @inline(__always)
  private func sum(_ sums: Table<Float>, _ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) -> Float {
    let left = x0 &* (height &+ 1)
    let right = (x1 &+ 1) &* (height &+ 1)
    return sums[left &+ y0] + sums[right &+ y1 &+ 1] - sums[right &+ y0] - sums[left &+ y1 &+ 1]
  }

  private struct Corners {
    let x0, y0, x1, y1: Int32

    @inline(__always)
    init(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) {
      self.x0 = Int32(truncatingIfNeeded: x0)
      self.y0 = Int32(truncatingIfNeeded: y0)
      self.x1 = Int32(truncatingIfNeeded: x1)
      self.y1 = Int32(truncatingIfNeeded: y1)
    }

    @inline(__always)
    func hold(_ group: Group) -> Bool {
      group.column >= x0 && group.column <= x1 && group.row >= y0 && group.row <= y1
    }
  }

  private var foundCount = 0

  /// Notes the groups on one side of the present box.
  @inline(__always)
  private func meet(_ runs: GroupRuns, _ first: Int, _ last: Int, line: Int) {
    let (crossed, meetings, found, weights) = (
      runs.groups.elements, self.meetings.elements, self.found.elements, self.weights.elements
    )
    let box = box
    var count = foundCount
    for run in runs.range(first, last, line: line) {
      let id = crossed[run]
      if meetings[Int(id)].box == box { continue }
      meetings[Int(id)] = Meeting(box: box, place: Int32(truncatingIfNeeded: count))
      found[count] = id
      weights[count] = 1
      count &+= 1
    }
    foundCount = count
  }

  /// Rounding cannot move a sum by more than this share of it.
  private static let slack: Float = 1e-4

  /// Takes away the groups that were met, and those inside by how well they are connected with them. Ends the present box.
  /// - Returns: what is left of the sum; 0 as soon as that is certain to be less than `least`.
  @inline(__always)
  private func removingContours(from sum: Float, inside corners: Corners, atLeast least: Float) -> Float {
    let (groups, neighbours, meetings, found, weights) = (
      self.groups.elements, self.neighbours.elements, self.meetings.elements, self.found.elements, self.weights.elements
    )
    let box = box
    self.box &+= 1
    var count = foundCount
    foundCount = 0
    // What may still be taken away before the box is given up.
    var budget = sum - least + Self.slack * sum
    for i in 0..<count {
      let group = groups[Int(found[i])]
      if corners.hold(group) { budget -= group.magnitude }
    }
    if budget < 0 { return 0 }
    var i = 0
    while i < count {
      let weight = weights[i]
      let id = Int(found[i])
      var next = i &+ 1
      var k = Int(groups[id].firstNeighbour)
      let end = Int(groups[id &+ 1].firstNeighbour)
      while k < end {
        let neighbour = neighbours[k]
        k &+= 1
        let onward = weight * neighbour.affinity
        if onward < Self.leastWeight { continue }
        let other = Int(neighbour.group)
        let meeting = meetings[other]
        if meeting.box == box {
          let known = Int(meeting.place)
          if onward > weights[known] {
            let group = groups[other]
            if corners.hold(group) { budget -= (onward - weights[known]) * group.magnitude }
            weights[known] = onward
            next = min(next, known)
          }
        } else {
          let group = groups[other]
          if corners.hold(group) {
            budget -= onward * group.magnitude
            meetings[other] = Meeting(box: box, place: Int32(truncatingIfNeeded: count))
            found[count] = neighbour.group
            weights[count] = onward
            count &+= 1
          }
        }
      }
      if budget < 0 { return 0 }
      i = next
    }
    var sum = sum
    for i in 0..<count {
      let group = groups[Int(found[i])]
      if corners.hold(group) { sum -= weights[i] * group.magnitude }
    }
    return sum
  }
}

/// For each row or column of an image the groups that it crosses, in order.
private struct GroupRuns {
  let groups: Table<Int32>
  /// For each pixel, line by line, the last run that began at it or before it.
  private let lastRun: Table<Int32>
  private let isInRun: Table<Bool>
  private let length: Int

  init(lines: Int, length: Int, _ id: (Int, Int) -> Int32) {
    self.length = length
    var groups: [Int32] = []
    let lastRun = Table<Int32>(repeating: 0, count: lines * length)
    let isInRun = Table<Bool>(repeating: false, count: lines * length)
    for line in 0..<lines {
      var before: Int32 = 0
      for x in 0..<length {
        let here = max(id(line, x), 0)
        if here != before && here > 0 { groups.append(here) }
        before = here
        lastRun[line * length + x] = Int32(groups.count - 1)
        isInRun[line * length + x] = here > 0
      }
    }
    self.lastRun = lastRun
    self.isInRun = isInRun
    self.groups = Table(groups)
  }

  /// The runs that a part of a line touches.
  @inline(__always)
  func range(_ first: Int, _ last: Int, line: Int) -> Range<Int> {
    let start = line &* length &+ first
    let begin = Int(lastRun[start]) &+ (isInRun[start] ? 0 : 1)
    return Range(uncheckedBounds: (begin, Int(lastRun[line &* length &+ last]) &+ 1))
  }
}
