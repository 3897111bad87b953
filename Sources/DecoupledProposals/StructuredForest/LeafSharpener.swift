import DecoupledVision

/// Moves the borders of a leaf's segments to where the colours of the photo change (PAMI 2015, section 4.2).
final class LeafSharpener {
  private let colours: Table<Float>
  private let columns: Int
  private let plane: Int
  private let side: Int
  private let margin: Int
  private let sharpening: Int
  private let tables: ForestTables
  /// Of the present leaf.
  private let segments: Table<UInt8>
  private let counts = Table<Float>(repeating: 0, count: 256)
  private let means = Table<SIMD3<Float>>(repeating: .zero, count: 256)

  /// - Parameter colours: the padded photo, smoothed a little.
  init(_ colours: FloatImage, _ forest: StructuredForest, sharpening: Int) {
    self.colours = Table(sharpening > 0 ? colours.values : [])
    columns = colours.width
    plane = colours.width * colours.height
    side = forest.settings.innerSize
    margin = (forest.settings.patchSize - forest.settings.innerSize) / 2
    self.sharpening = sharpening
    tables = forest.tables
    segments = Table<UInt8>(repeating: 0, count: side * side)
  }

  /// Counts the borders of a leaf after they were moved.
  /// - Parameters:
  ///   - x: the first column of the patch in the padded photo, and of its inner square in the sum.
  ///   - y: the same for rows.
  ///   - sum: one is added at each border pixel.
  func add(_ leaf: Int, _ x: Int, _ y: Int, to sum: Table<Float>, width: Int) {
    let ring = leaf &* ForestLeaf.rings &+ sharpening
    let start = Int(tables.pixelStarts[leaf])
    let last = start &+ Int(tables.ringEnds[ring])
    guard last > start else { return }
    let corner = (y &+ margin) &* columns &+ x &+ margin
    var largest = 0
    for i in 0..<segments.count {
      let segment = tables.segments[leaf &* segments.count &+ i]
      segments[i] = segment
      largest = max(largest, Int(segment))
    }
    measure(from: corner, largest)
    for k in start..<(start &+ Int(tables.ringEnds[ring &- 1])) { segments[Int(tables.pixels[k])] = nearest(k, corner) }
    for k in start..<last {
      let pixel = Int(tables.pixels[k])
      let around = neighbours(pixel)
      let own = segments[pixel]
      if segments[around.0] != own || segments[around.1] != own || segments[around.2] != own
        || segments[around.3] != own
      {
        sum[(y &+ pixel % side) &* width &+ x &+ pixel / side] += 1
      }
    }
  }

  @inline(__always)
  private func colour(_ pixel: Int, _ corner: Int) -> SIMD3<Float> {
    let i = corner &+ pixel % side &* columns &+ pixel / side
    return SIMD3(colours[i], colours[i &+ plane], colours[i &+ 2 &* plane])
  }

  /// The mean colour of each segment, from every other pixel.
  @inline(__always)
  private func measure(from corner: Int, _ largest: Int) {
    for segment in 0...largest { (counts[segment], means[segment]) = (0, .zero) }
    var column = 0
    while column < side {
      var row = 0
      while row < side {
        let segment = Int(segments[column &* side &+ row])
        counts[segment] += 1
        means[segment] += colour(column &* side &+ row, corner)
        row &+= 2
      }
      column &+= 2
    }
    // A segment without such a pixel gets a colour that is never the nearest.
    for segment in 0...largest {
      means[segment] = counts[segment] > 0 ? means[segment] / counts[segment] : SIMD3(repeating: .infinity)
    }
  }

  /// Of the segments beside a listed pixel the one with the nearest colour.
  @inline(__always)
  private func nearest(_ listed: Int, _ corner: Int) -> UInt8 {
    let pixel = Int(tables.pixels[listed])
    let own = colour(pixel, corner)
    let around = neighbours(pixel)
    var least = Float.infinity
    var best = segments[pixel]
    for neighbour in [around.0, around.1, around.2, around.3] {
      let difference = means[Int(segments[neighbour])] - own
      let distance = (difference * difference).sum()
      if distance < least { (least, best) = (distance, segments[neighbour]) }
    }
    return best
  }

  /// The four pixels beside one, the pixel itself where the square ends.
  @inline(__always)
  private func neighbours(_ pixel: Int) -> (Int, Int, Int, Int) {
    let (column, row) = (pixel / side, pixel % side)
    return (
      column > 0 ? pixel &- side : pixel, column < side &- 1 ? pixel &+ side : pixel, row > 0 ? pixel &- 1 : pixel,
      row < side &- 1 ? pixel &+ 1 : pixel
    )
  }
}
