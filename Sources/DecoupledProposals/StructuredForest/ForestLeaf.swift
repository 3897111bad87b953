/// What a leaf says about the square in the middle of a patch: its segments and the pixels at their borders.
public struct ForestLeaf: Sendable, Equatable {
  /// Border pixels and the two rings around them.
  static let rings = 3

  /// The segment of each pixel from 0, at `column * side + row`; empty when the forest was made without.
  public let segments: [UInt8]
  /// Pixels at or near borders between segments, `column * side + row`: those at them, then ring by ring.
  public let pixels: [UInt16]
  /// Where each ring ends in `pixels`; only the first when there are no segments.
  public let ringEnds: [UInt16]

  /// The pixels at borders, without the rings around them.
  public var edgePixels: ArraySlice<UInt16> { pixels.prefix(Int(ringEnds[0])) }

  /// A leaf without segments.
  public init(edgePixels: [UInt16]) {
    segments = []
    pixels = edgePixels
    ringEnds = [UInt16(clamping: edgePixels.count)]
  }

  /// From a patch of labels at `column * side + row`: tiny segments join their neighbours, borders are found.
  public init(labels: [UInt8], side: Int) {
    self.init(segments: Self.withoutSmall(labels, side: side), side: side)
  }

  /// From finished segments at `column * side + row`; borders are found.
  public init(segments: [UInt8], side: Int) {
    self.segments = segments
    var pixels: [UInt16] = []
    var ends: [UInt16] = []
    // Columns are the rows of this plane; the filters treat both alike.
    let gradient = PlaneFilter.gradient(segments.map { Float($0) }, width: side, height: side)
    var inside = zip(gradient.x, gradient.y).map { ($0 * $0 + $1 * $1).squareRoot() > Self.least }
    var listed = [Bool](repeating: false, count: side * side)
    for ring in 0..<Self.rings {
      if ring > 0 {
        let wider = PlaneFilter.triangle(inside.map { $0 ? 1 : 0 }, width: side, height: side, radius: 1)
        inside = wider.map { $0 > Self.least }
      }
      for i in inside.indices where inside[i] && !listed[i] {
        listed[i] = true
        pixels.append(UInt16(i))
      }
      ends.append(UInt16(pixels.count))
    }
    self.pixels = pixels
    ringEnds = ends
  }

  private static let least: Float = 0.01
  /// Segments of at most so many pixels are noise.
  private static let smallSegment = 5

  /// Segments numbered from 0; small ones take the middle label of the pixels around them.
  private static func withoutSmall(_ labels: [UInt8], side: Int) -> [UInt8] {
    var labels = labels
    for label in Set(labels).sorted() {
      let own = labels.indices.filter { labels[$0] == label }
      guard own.count <= smallSegment else { continue }
      var around = Set<Int>()
      for i in own {
        let (column, row) = (i / side, i % side)
        for c in max(column - 1, 0)...min(column + 1, side - 1) {
          for r in max(row - 1, 0)...min(row + 1, side - 1) where labels[c * side + r] != label {
            around.insert(c * side + r)
          }
        }
      }
      let neighbours = around.map { labels[$0] }.sorted()
      guard !neighbours.isEmpty else { continue }
      for i in own { labels[i] = neighbours[neighbours.count / 2] }
    }
    let kept = Set(labels).sorted()
    var numbers = [UInt8](repeating: 0, count: 256)
    for (number, label) in kept.enumerated() { numbers[Int(label)] = UInt8(number) }
    return labels.map { numbers[Int($0)] }
  }
}
