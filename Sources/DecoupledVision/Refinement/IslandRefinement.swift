/// Takes small areas of a label away: each of their pixels gets its next likely label.
struct IslandRefinement: Refinement {
  static let name = "islands"
  static let summary = "gives the pixels of small areas of a label to their next likely label."
  static let settings = [
    RefinementSetting(
      "share", default: 0.001, 0...0.5,
      "share of the image's pixels below which a connected area is an island")
  ]

  private let share: Double

  init(_ values: RefinementValues) { share = values["share"] }

  /// An area may be as large as the image.
  var reach: RefinementReach { .wholeImage }

  func refine(_ scores: inout ScoreStrip, of image: RGBImage) {
    let (width, pixels) = (scores.width, scores.rows.count * scores.width)
    let least = Int((share * Double(pixels)).rounded(.up))
    let labels = (0..<pixels).map { UInt8(scores.largest($0)) }
    var isSeen = [Bool](repeating: false, count: pixels)
    var area: [Int] = []
    for start in 0..<pixels where !isSeen[start] {
      area.removeAll(keepingCapacity: true)
      area.append(start)
      isSeen[start] = true
      // Pixels are looked at in the order in which they were found, by their four neighbours.
      var next = 0
      while next < area.count {
        let pixel = area[next]
        next += 1
        let x = pixel % width
        for (isThere, neighbour) in [
          (x > 0, pixel - 1), (x + 1 < width, pixel + 1), (pixel >= width, pixel - width),
          (pixel + width < pixels, pixel + width),
        ] where isThere && !isSeen[neighbour] && labels[neighbour] == labels[start] {
          isSeen[neighbour] = true
          area.append(neighbour)
        }
      }
      guard area.count < least else { continue }
      for pixel in area {
        scores.values[pixel * scores.labels + Int(labels[start])] = -.greatestFiniteMagnitude
      }
    }
  }
}
