import Glibc

/// Edge pixels joined to groups of similar orientation, and how well groups continue each other.
///
/// Columns are the outer dimension here, as in the authors' program: the result depends on the order of the scan.
struct EdgeGroups {
  let width: Int
  let height: Int
  /// For each pixel, at `x * height + y`, its group from 1; 0 or below is none.
  private(set) var ids: [Int32]
  /// Sum of the magnitudes of each group; entry 0 is not a group.
  private(set) var magnitude: [Float] = []
  /// One pixel of each group, the last of the scan.
  private(set) var column: [Int32] = []
  private(set) var row: [Int32] = []
  /// Where the neighbours of each group begin, and after the last one end.
  private(set) var neighbourStart: [Int32] = []
  private(set) var neighbours: [Int32] = []
  /// Affinity to each neighbour, 0...1.
  private(set) var affinities: [Float] = []

  var count: Int { magnitude.count }

  /// The edges with columns as the outer dimension.
  private struct Columns {
    let magnitude, orientation: [Float]

    init(_ edges: EdgeMap) {
      magnitude = Self.transposed(edges.magnitude, edges.width, edges.height)
      orientation = Self.transposed(edges.orientation, edges.width, edges.height)
    }

    private static func transposed(_ plane: [Float], _ width: Int, _ height: Int) -> [Float] {
      [Float](unsafeUninitializedCapacity: plane.count) { target, count in
        plane.withUnsafeBufferPointer { source in
          for y in 0..<height {
            for x in 0..<width { target.initializeElement(at: x * height + y, to: source[y * width + x]) }
          }
        }
        count = plane.count
      }
    }
  }

  init(_ edges: EdgeMap, _ settings: EdgeBoxesSettings) {
    width = edges.width
    height = edges.height
    let columns = Columns(edges)
    ids = [Int32](repeating: -1, count: width * height)
    let groups = grow(columns, settings)
    dissolve(columns, groups: groups, settings)
    number(columns, groups: groups)
    connect(columns, gamma: settings.gamma)
  }

  /// Pi to the nearest; `Float.pi` is rounded down.
  private static let halfTurn = Float(Double.pi)

  /// Change of orientation as a share of pi, 0...0.5.
  private static func change(_ a: Float, _ b: Float) -> Float {
    let share = abs(b - a) / Self.halfTurn
    return share > 0.5 ? 1 - share : share
  }

  /// Grows groups from the first free pixel of the scan, always by the pixel around the group whose orientation changed least
  /// where it was found, until the changes sum up. Returns the number of groups and entry 0.
  private mutating func grow(_ edges: Columns, _ settings: EdgeBoxesSettings) -> Int {
    let (width, height) = (width, height)
    var groups: Int32 = 1
    var frontier = Frontier()
    // The group at whose border a pixel was last found, so that none is listed twice.
    var listed = [Int32](repeating: 0, count: width * height)
    ids.withUnsafeMutableBufferPointer { ids in
      for x in 1..<(width - 1) {
        for y in 1..<(height - 1) where edges.magnitude[x * height + y] > settings.edgeMinMag {
          ids[x * height + y] = 0
        }
      }
      for x in 1..<(width - 1) {
        for y in 1..<(height - 1) where ids[x * height + y] == 0 {
          var sum: Float = 0
          var place = x * height + y
          frontier.removeAll()
          while sum < settings.edgeMergeThr {
            ids[place] = groups
            let orientation = edges.orientation[place]
            for dx in -1...1 {
              for dy in -1...1 {
                let next = place + dx * height + dy
                guard ids[next] == 0, listed[next] != groups else { continue }
                listed[next] = groups
                frontier.insert(next, change: Self.change(orientation, edges.orientation[next]))
              }
            }
            guard let least = frontier.removeLeast() else { break }
            place = least.place
            sum += least.change
          }
          groups += 1
        }
      }
    }
    return Int(groups)
  }

  /// Frees the pixels of weak groups; each then joins the group beside it with the nearest orientation.
  private mutating func dissolve(_ edges: Columns, groups: Int, _ settings: EdgeBoxesSettings) {
    let height = height
    let sums = sums(of: edges.magnitude, groups: groups)
    ids.withUnsafeMutableBufferPointer { ids in
      var free: [Int] = []
      for place in ids.indices where ids[place] > 0 && sums[Int(ids[place])] <= settings.clusterMinMag {
        ids[place] = 0
        free.append(place)
      }
      var joined = true
      while joined {
        joined = false
        var left: [Int] = []
        for place in free {
          var least = Float.infinity
          var nearest: Int32 = 0
          for dx in -1...1 {
            for dy in -1...1 {
              let next = place + dx * height + dy
              guard ids[next] > 0 else { continue }
              let change = Self.change(edges.orientation[place], edges.orientation[next])
              if change < least {
                least = change
                nearest = ids[next]
              }
            }
          }
          ids[place] = nearest
          if nearest > 0 { joined = true } else { left.append(place) }
        }
        free = left
      }
    }
  }

  private func sums(of magnitude: [Float], groups: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: groups)
    for (place, id) in ids.enumerated() where id > 0 { sums[Int(id)] += magnitude[place] }
    return sums
  }

  /// Numbers the groups that are left from 1.
  private mutating func number(_ edges: Columns, groups: Int) {
    let sums = sums(of: edges.magnitude, groups: groups)
    var numbers = [Int32](repeating: 0, count: groups)
    var next: Int32 = 1
    for group in 0..<groups where sums[group] > 0 {
      numbers[group] = next
      next += 1
    }
    magnitude = [Float](repeating: 0, count: Int(next))
    column = [Int32](repeating: 0, count: Int(next))
    row = column
    for place in ids.indices where ids[place] > 0 {
      let id = numbers[Int(ids[place])]
      ids[place] = id
      magnitude[Int(id)] += edges.magnitude[place]
      column[Int(id)] = Int32(place / height)
      row[Int(id)] = Int32(place % height)
    }
  }

  /// Mean position and mean orientation of each group, weighted by magnitude.
  private func means(_ edges: Columns) -> (x: [Float], y: [Float], orientation: [Float]) {
    let zeros = [Float](repeating: 0, count: count)
    var (x, y, cosines, sines) = (zeros, zeros, zeros, zeros)
    for (place, id) in ids.enumerated() where id > 0 {
      let (id, weight, angle) = (Int(id), edges.magnitude[place], edges.orientation[place])
      cosines[id] += weight * cosf(2 * angle)
      sines[id] += weight * sinf(2 * angle)
      x[id] += weight * Float(place / height)
      y[id] += weight * Float(place % height)
    }
    var orientation = zeros
    for id in 1..<max(count, 1) {
      let sum = magnitude[id]
      x[id] /= sum
      y[id] /= sum
      orientation[id] = atan2f(sines[id] / sum, cosines[id] / sum) / 2
    }
    return (x, y, orientation)
  }

  /// Finds groups with pixels at most two rows and columns from each other, and their affinities (paper, Eq. 1).
  private mutating func connect(_ edges: Columns, gamma: Float) {
    let reach = 2
    let means = means(edges)
    var lists = [[(group: Int32, affinity: Float)]](repeating: [], count: count)
    if width > 2 * reach && height > 2 * reach {
      for x in reach..<(width - reach) {
        for y in reach..<(height - reach) {
          let first = ids[x * height + y]
          guard first > 0 else { continue }
          for dx in -reach...reach {
            for dy in -reach...reach {
              let second = ids[(x + dx) * height + y + dy]
              guard second > first, !lists[Int(first)].contains(where: { $0.group == second }) else { continue }
              let (a, b) = (Int(first), Int(second))
              let angle = atan2f(means.y[a] - means.y[b], means.x[a] - means.x[b]) + Self.halfTurn / 2
              let along = abs(cosf(means.orientation[a] - angle) * cosf(means.orientation[b] - angle))
              let affinity = powf(along, gamma)
              lists[a].append((second, affinity))
              lists[b].append((first, affinity))
            }
          }
        }
      }
    }
    neighbourStart = [0]
    for list in lists {
      // Weaker ones are passed over when a box is scored, since weights are at most 1.
      for neighbour in list where neighbour.affinity >= BoxScorer.leastWeight {
        neighbours.append(neighbour.group)
        affinities.append(neighbour.affinity)
      }
      neighbourStart.append(Int32(neighbours.count))
    }
  }
}

/// The pixels around a group: gives the one of least change, of several the one that was listed first.
private struct Frontier {
  /// A heap: the bits of the change (which order as the numbers do, since none is negative), then the number of the entry.
  private var heap: [UInt64] = []
  private var places: [Int] = []

  mutating func removeAll() {
    heap.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  mutating func insert(_ place: Int, change: Float) {
    var child = heap.count
    heap.append(UInt64((change + 0).bitPattern) << 32 | UInt64(places.count))
    places.append(place)
    while child > 0, heap[(child - 1) / 2] > heap[child] {
      heap.swapAt((child - 1) / 2, child)
      child = (child - 1) / 2
    }
  }

  mutating func removeLeast() -> (place: Int, change: Float)? {
    guard let least = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var child = 2 * parent + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < heap[parent] else { break }
        heap.swapAt(child, parent)
        parent = child
      }
    }
    return (places[Int(least & 0xFFFF_FFFF)], Float(bitPattern: UInt32(least >> 32)))
  }
}
