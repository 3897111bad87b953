import DecoupledBase
import DecoupledVision

/// The borders of a mask, and its labels with thin void strips given to the nearest objects.
struct MaskBorders {
  let labels: LabelMap
  /// For each pixel whether a border lies nearer than `reach`.
  let isNear: [Bool]

  /// Void strips are at most twice as wide in the masks of the usual data sets; patches with void left are not used.
  static let reach = 8

  init(_ mask: LabelMap) {
    labels = Self.filled(mask)
    let (width, height) = (mask.width, mask.height)
    var isNear = [Bool](repeating: false, count: width * height)
    let disc = (-Self.reach...Self.reach).flatMap { dy in
      (-Self.reach...Self.reach).filter { $0 * $0 + dy * dy < Self.reach * Self.reach }.map { ($0, dy) }
    }
    for y in 0..<height {
      for x in 0..<width {
        let label = labels[x, y]
        guard (x + 1 < width && labels[x + 1, y] != label) || (y + 1 < height && labels[x, y + 1] != label) else {
          continue
        }
        for (dx, dy) in disc where x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height {
          isNear[(y + dy) * width + x + dx] = true
        }
      }
    }
    self.isNear = isNear
  }

  /// Gives each void pixel within `reach` steps of labelled ones the label that reaches it first.
  private static func filled(_ mask: LabelMap) -> LabelMap {
    var result = mask
    for _ in 0..<reach {
      let before = result
      var changed = false
      for y in 0..<mask.height {
        for x in 0..<mask.width where before[x, y] == LabelMap.void {
          for (nx, ny) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
          where nx >= 0 && ny >= 0 && nx < mask.width && ny < mask.height && before[nx, ny] != LabelMap.void {
            result[x, y] = before[nx, ny]
            changed = true
            break
          }
        }
      }
      if !changed { break }
    }
    return result
  }

  /// Draws patches with and without a border near their middle, `count` of each or as many as there are.
  func places(count: Int, _ settings: ForestSettings, random: inout CounterRandom) -> [(x: Int, y: Int)] {
    var (near, far): ([(x: Int, y: Int)], [(x: Int, y: Int)]) = ([], [])
    let middle = settings.patchSize / 2
    for y in stride(from: 0, through: labels.height - settings.patchSize, by: settings.shrink) {
      for x in stride(from: 0, through: labels.width - settings.patchSize, by: settings.shrink) {
        if isNear[(y + middle) * labels.width + x + middle] { near.append((x, y)) } else { far.append((x, y)) }
      }
    }
    return [near, far].flatMap { list -> [(x: Int, y: Int)] in
      var list = list
      var chosen: [(x: Int, y: Int)] = []
      while chosen.count < count, !list.isEmpty {
        list.swapAt(random.int(0...(list.count - 1)), list.count - 1)
        guard let place = list.popLast() else { break }
        if hasNoVoid(place.x, place.y, settings) { chosen.append(place) }
      }
      return chosen
    }
  }

  private func hasNoVoid(_ x: Int, _ y: Int, _ settings: ForestSettings) -> Bool {
    !patch(x, y, settings).contains(LabelMap.void)
  }

  /// The labels of the inner square of a patch, `column * side + row`.
  func patch(_ x: Int, _ y: Int, _ settings: ForestSettings) -> [UInt8] {
    let margin = (settings.patchSize - settings.innerSize) / 2
    return (0..<settings.innerSize).flatMap { column in
      (0..<settings.innerSize).map { labels[x + margin + column, y + margin + $0] }
    }
  }
}
