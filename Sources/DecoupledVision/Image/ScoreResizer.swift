/// Resizes the maps of several labels together, a row of the result at a time, to the same bits that
/// `Resampling.resizePlanes` gives for each of them alone: the order of every sum is its order.
///
/// The maps are square, as a network's are, and stand for a square whose top left part is the image.
package struct ScoreResizer: Sendable {
  /// Height and width of the maps.
  let size: Int
  /// Number of maps.
  let maps: Int
  /// Pixels of the maps, each with the values of all maps side by side, `lanes` of them.
  private let values: [Float]
  /// Values of a pixel, a multiple of 4; those behind the last map are no numbers, which nothing is smaller than.
  private let lanes: Int
  private let rows: ResamplingTaps
  private let columns: ResamplingTaps

  /// - Parameters:
  ///   - planes: `size * size` values of each map.
  ///   - side: height and width of the square that the maps are resized to.
  ///   - kept: its top left part that is wanted.
  package init(
    _ planes: [[Float]], size: Int, side: Int, kept: (height: Int, width: Int), kernel: Resampling.Kernel = .bicubic
  ) {
    self.size = size
    maps = planes.count
    let lanes = (planes.count + 3) & ~3
    var values = [Float](repeating: .nan, count: size * size * lanes)
    values.withUnsafeMutableBufferPointer { target in
      for (map, plane) in planes.enumerated() {
        for pixel in 0..<size * size { target[pixel * lanes + map] = plane[pixel] }
      }
    }
    self.lanes = lanes
    self.values = values
    rows = ResamplingTaps(
      inputs: size, content: size, outputs: side, kept: kept.height, kernel: kernel, antialias: true)
    columns = ResamplingTaps(
      inputs: size, content: size, outputs: side, kept: kept.width, kernel: kernel, antialias: true)
  }

  /// Writes rows of the result, shape (rows, width, maps).
  package func write(_ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    forEachRow(range) { index, row in
      for x in 0..<columns.outputs {
        let to = target + (index * columns.outputs + x) * maps
        forEachFour(x, row) { map, found in
          for place in map..<min(map + 4, maps) { to[place] = found[place - map] }
        }
      }
    }
  }

  /// Writes which map is the first of the largest ones at each pixel of rows of the result: `labels` of it.
  package func writeLargest(_ range: Range<Int>, labels: [UInt8], to target: UnsafeMutablePointer<UInt8>) {
    forEachRow(range) { index, row in
      let to = target + index * columns.outputs
      // One or a few classes, as most images have, are one vector.
      if maps <= 4 {
        for x in 0..<columns.outputs {
          forEachFour(x, row) { _, found in
            var best = 0
            for map in 1..<maps where found[map] > found[best] { best = map }
            to[x] = labels[best]
          }
        }
        return
      }
      for x in 0..<columns.outputs {
        var best = SIMD4<Float>(repeating: -.infinity)
        var places = SIMD4<Int32>(repeating: 0)
        var place = SIMD4<Int32>(0, 1, 2, 3)
        forEachFour(x, row) { _, found in
          let isLarger = found .> best
          best.replace(with: found, where: isLarger)
          places.replace(with: place, where: isLarger)
          place &+= 4
        }
        // Each of the four kept its first; of equal ones the first of all wins.
        var (largest, first) = (best[0], places[0])
        for lane in 1..<4 where best[lane] > largest || best[lane] == largest && places[lane] < first {
          (largest, first) = (best[lane], places[lane])
        }
        to[x] = labels[Int(first)]
      }
    }
  }

  /// The maps, four at a time, at column `x` of a row that is resized in height already.
  @inline(__always)
  private func forEachFour(
    _ x: Int, _ row: UnsafePointer<Double>, _ body: (_ map: Int, _ found: SIMD4<Float>) -> Void
  ) {
    typealias Four = SIMD4<Double>
    let (taps, first) = (columns.taps, x * columns.taps)
    columns.positions.withUnsafeBufferPointer { positions in
      columns.weights.withUnsafeBufferPointer { weights in
        func start(_ tap: Int) -> UnsafeRawPointer { UnsafeRawPointer(row + positions[first + tap] * lanes) }
        // Enlarging by the cubic kernel always has four; what they are is asked once for all maps.
        guard taps == 4 else {
          for map in stride(from: 0, to: lanes, by: 4) {
            var sum = Four()
            for tap in 0..<taps {
              sum += weights[first + tap] * start(tap).loadUnaligned(fromByteOffset: 8 * map, as: Four.self)
            }
            body(map, SIMD4<Float>(sum))
          }
          return
        }
        let (a, b, c, d) = (start(0), start(1), start(2), start(3))
        let (wa, wb, wc, wd) = (weights[first], weights[first + 1], weights[first + 2], weights[first + 3])
        for map in stride(from: 0, to: lanes, by: 4) {
          let offset = map &* 8
          var sum = wa * a.loadUnaligned(fromByteOffset: offset, as: Four.self)
          sum += wb * b.loadUnaligned(fromByteOffset: offset, as: Four.self)
          sum += wc * c.loadUnaligned(fromByteOffset: offset, as: Four.self)
          sum += wd * d.loadUnaligned(fromByteOffset: offset, as: Four.self)
          body(map, SIMD4<Float>(sum))
        }
      }
    }
  }

  /// Resizes in height, which comes first as in `PlaneResizer`: each row has `size` pixels then.
  @inline(__always)
  private func forEachRow(_ range: Range<Int>, _ body: (_ index: Int, _ row: UnsafePointer<Double>) -> Void) {
    let count = size * lanes
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { row in
      guard let row = row.baseAddress else { return }
      values.withUnsafeBufferPointer { source in
        for (index, y) in range.enumerated() {
          for i in 0..<count { row[i] = 0 }
          for tap in y * rows.taps..<(y + 1) * rows.taps where rows.weights[tap] != 0 {
            let weight = rows.weights[tap]
            let from = UnsafeBufferPointer(
              rebasing: source[rows.positions[tap] * count..<(rows.positions[tap] + 1) * count])
            for i in 0..<count { row[i] += weight * Double(from[i]) }
          }
          body(index, row)
        }
      }
    }
  }
}
