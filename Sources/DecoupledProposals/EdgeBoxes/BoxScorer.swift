import Glibc

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
  private let nodes: Table<Node>
  /// For each group where its neighbours begin; at the end their number.
  private let firstNeighbour: Table<Int32>
  private let neighbours: Table<Neighbour>
  /// The groups that the present box met.
  private let found: Table<Int32>
  /// The place in `found` of each group that is there.
  private let places: Table<Int32>
  /// Counts the boxes from 1; 0 in a node is none.
  private var box: Int32 = 1

  /// A group, and what the last box that met it knows of it: all that is asked of a neighbour, in one fetch of 16 bytes.
  private struct Node: BitwiseCopyable {
    let cell: Cell
    let magnitude: Float
    var box: Int32 = 0
    /// How much of the group is taken away.
    var weight: Float = 0
  }

  private struct Neighbour: BitwiseCopyable {
    let group: Int32
    let affinity: Float
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
    nodes = Table(
      (0..<groups.count).map { id in
        Node(cell: Cell(column: groups.column[id], row: groups.row[id]), magnitude: groups.magnitude[id])
      })
    firstNeighbour = Table(groups.neighbourStart)
    neighbours = Table(zip(groups.neighbours, groups.affinities).map { Neighbour(group: $0, affinity: $1) })
    found = Table<Int32>(repeating: 0, count: groups.count)
    places = Table<Int32>(repeating: 0, count: groups.count)
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

  /// Moves the sides of a box that lie outside of the image to its border.
  @inline(__always)
  func clamp(_ box: inout ScoredBox) {
    let (right, bottom) = (Int32(truncatingIfNeeded: width &- 1), Int32(truncatingIfNeeded: height &- 1))
    let x0 = min(max(box.x, 0), right)
    let y0 = min(max(box.y, 0), bottom)
    box.width = min(max(box.x &+ box.width, 0), right) &- x0
    box.height = min(max(box.y &+ box.height, 0), bottom) &- y0
    box.x = x0
    box.y = y0
  }

  /// Sets the score of a box that `clamp` has moved into the image, 0 when it is below the least one.
  ///
  /// Contours are only ever taken away, so that many boxes can be given up early.
  /// - Parameter bound: scores that are not above this are of no interest; they may be given as 0.
  func score(_ candidate: inout ScoredBox, above bound: Float = 0) {
    let (x0, y0) = (Int(candidate.x), Int(candidate.y))
    let (x1, y1) = (x0 &+ Int(candidate.width), y0 &+ Int(candidate.height))
    candidate.score = 0
    // Steps of a small alpha are so large that a side can pass the opposite one.
    guard x1 >= x0, y1 >= y0 else { return }
    let (halfWidth, halfHeight) = ((x1 &- x0) / 2, (y1 &- y0) / 2)
    let (middleX, middleY) = (x0 &+ halfWidth / 2, y0 &+ halfHeight / 2)
    let norm = norms[halfWidth &+ halfHeight]
    var value = sum(groupSums, x0, y0, x1, y1)
    value -= sum(edgeSums, middleX, middleY, middleX &+ halfWidth, middleY &+ halfHeight)
    guard value * norm >= minScore, value * norm > bound else { return }
    let corners = Corners(x0, y0, x1, y1)
    let left = remaining(of: value, x0, y0, x1, y1, inside: corners, atLeast: max(minScore, bound) / norm)
    candidate.score = left * norm < minScore ? 0 : left * norm
  }

  /// Sum over columns x0...x1 and rows y0...y1.
  @inline(__always)
  private func sum(_ sums: Table<Float>, _ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) -> Float {
    let left = x0 &* (height &+ 1)
    let right = (x1 &+ 1) &* (height &+ 1)
    return sums[left &+ y0] + sums[right &+ y1 &+ 1] - sums[right &+ y0] - sums[left &+ y1 &+ 1]
  }

  /// A pixel, column and row in one number; images are small enough (`ImageLimits`) for 15 bits each.
  private struct Cell: BitwiseCopyable {
    let bits: UInt32

    @inline(__always)
    init(column: Int32, row: Int32) {
      bits = UInt32(truncatingIfNeeded: column) << 16 | UInt32(truncatingIfNeeded: row)
    }
  }

  private struct Corners {
    let first, last: UInt32

    @inline(__always)
    init(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) {
      first = Cell(column: Int32(truncatingIfNeeded: x0), row: Int32(truncatingIfNeeded: y0)).bits
      last = Cell(column: Int32(truncatingIfNeeded: x1), row: Int32(truncatingIfNeeded: y1)).bits
    }

    /// A difference that is negative in one half sets the upper bit of that half.
    @inline(__always)
    func hold(_ cell: Cell) -> Bool { ((cell.bits &- first) | (last &- cell.bits)) & 0x8000_8000 == 0 }
  }

  /// Rounding cannot move a sum by more than this share of it.
  private static let slack: Float = 1e-4

  /// Notes the groups on one side of the present box and takes those inside it off the budget.
  @inline(__always)
  private func meet(
    _ runs: GroupRuns, _ first: Int, _ last: Int, line: Int, _ box: Int32, _ corners: Corners, _ count: inout Int,
    _ budget: inout Float
  ) {
    let (crossed, nodes, found) = (runs.groups.elements, self.nodes.elements, self.found.elements)
    for run in runs.range(first, last, line: line) {
      let id = crossed[run]
      let node = nodes[Int(id)]
      if node.box == box { continue }
      nodes[Int(id)].box = box
      nodes[Int(id)].weight = 1
      found[count] = id
      count &+= 1
      if corners.hold(node.cell) { budget -= node.magnitude }
    }
  }

  /// Takes away the groups that were met, and those inside by how well they are connected with them. Ends the present box.
  /// - Returns: what is left of the sum; 0 as soon as that is certain to be less than `least`.
  @inline(__always)
  private func remaining(
    of sum: Float, _ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int, inside corners: Corners, atLeast least: Float
  ) -> Float {
    let box = box
    self.box &+= 1
    var count = 0
    // What may still be taken away before the box is given up.
    var budget = sum - least + Self.slack * sum
    meet(alongRows, x0, x1, line: y0, box, corners, &count, &budget)
    if budget < 0 { return 0 }
    meet(alongRows, x0, x1, line: y1, box, corners, &count, &budget)
    if budget < 0 { return 0 }
    meet(alongColumns, y0, y1, line: x0, box, corners, &count, &budget)
    if budget < 0 { return 0 }
    meet(alongColumns, y0, y1, line: x1, box, corners, &count, &budget)
    if budget < 0 { return 0 }
    let (nodes, neighbours, firstNeighbour, found, places) = (
      self.nodes.elements, self.neighbours.elements, self.firstNeighbour.elements, self.found.elements,
      self.places.elements
    )
    let met = count
    // A weight counts when it is larger than this.
    let weak = Self.leastWeight.nextDown
    var i = 0
    while i < count {
      let id = Int(found[i])
      let weight = nodes[id].weight
      var next = i &+ 1
      var k = Int(firstNeighbour[id])
      let end = Int(firstNeighbour[id &+ 1])
      while k < end {
        let neighbour = neighbours[k]
        k &+= 1
        let onward = weight * neighbour.affinity
        let other = Int(neighbour.group)
        let node = nodes[other]
        let isKnown = node.box == box
        let least = isKnown ? node.weight : corners.hold(node.cell) ? weak : .infinity
        guard onward > least else { continue }
        nodes[other].weight = onward
        if isKnown {
          // It lies inside: the weights of those on the sides are 1.
          budget -= (onward - node.weight) * node.magnitude
          next = min(next, Int(places[other]))
        } else {
          budget -= onward * node.magnitude
          nodes[other].box = box
          places[other] = Int32(truncatingIfNeeded: count)
          found[count] = neighbour.group
          count &+= 1
        }
      }
      if budget < 0 { return 0 }
      i = next
    }
    var sum = sum
    for i in 0..<met {
      let node = nodes[Int(found[i])]
      if corners.hold(node.cell) { sum -= node.magnitude }
    }
    for i in met..<count {
      let node = nodes[Int(found[i])]
      sum -= node.weight * node.magnitude
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
