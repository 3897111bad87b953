/// A composed photo: objects laid on a background, with the mask of what stayed visible.
struct Scene {
  private(set) var image: RGBImage
  private(set) var labels: LabelMap
  /// Which object each pixel shows: 0 is background, otherwise its number.
  private var owners: [Int]
  /// For each object its class id and how many pixels it had when it was placed.
  private var objects: [(label: UInt8, area: Int)] = []

  init(background: RGBImage) {
    image = background
    labels = LabelMap(width: background.width, height: background.height)
    owners = [Int](repeating: 0, count: background.width * background.height)
  }

  /// Lays an object over the scene.
  ///
  /// Nothing is changed and false returned when less than `leastVisible` of the object would be inside the picture, or
  /// when it would leave less than that share of an earlier object visible.
  mutating func place(
    _ object: (width: Int, height: Int, pixels: [Float]), label: UInt8, x left: Int, y top: Int, leastVisible: Double
  ) -> Bool {
    var inside: [(place: Int, source: Int)] = []
    var solid = 0
    var solidInside = 0
    var covered: [Int: Int] = [:]
    for y in 0..<object.height {
      for x in 0..<object.width {
        let source = 4 * (y * object.width + x)
        let alpha = object.pixels[source + 3]
        guard alpha > 0 else { continue }
        solid += alpha >= 128 ? 1 : 0
        let (px, py) = (left + x, top + y)
        guard px >= 0, py >= 0, px < image.width, py < image.height else { continue }
        let place = py * image.width + px
        inside.append((place, source))
        if alpha >= 128 {
          solidInside += 1
          if owners[place] > 0 { covered[owners[place], default: 0] += 1 }
        }
      }
    }
    guard solid > 0, Double(solidInside) >= leastVisible * Double(solid) else { return false }
    let visible = visibleAreas()
    for (owner, count) in covered {
      let left = visible[owner - 1] - count
      if Double(left) < leastVisible * Double(objects[owner - 1].area) { return false }
    }
    objects.append((label, solid))
    for (place, source) in inside {
      let alpha = object.pixels[source + 3]
      for c in 0..<3 {
        let mixed = object.pixels[source + c] + Float(image.pixels[3 * place + c]) * (1 - alpha / 255)
        image.pixels[3 * place + c] = UInt8(max(0, min(255, mixed.rounded())))
      }
      if alpha >= 128 {
        owners[place] = objects.count
        labels.labels[place] = label
      }
    }
    return true
  }

  private func visibleAreas() -> [Int] {
    var areas = [Int](repeating: 0, count: objects.count)
    for owner in owners where owner > 0 { areas[owner - 1] += 1 }
    return areas
  }

  /// The mask with a void border of `width` pixels to both sides between objects and what is beside them, as VOC has
  /// it.
  func labels(voidBorder width: Int) -> LabelMap {
    guard width > 0 else { return labels }
    var result = labels
    let (w, h) = (labels.width, labels.height)
    for y in 0..<h {
      for x in 0..<w {
        let owner = owners[y * w + x]
        let isBorder = (max(0, y - width)...min(h - 1, y + width)).contains { ny in
          (max(0, x - width)...min(w - 1, x + width)).contains { owners[ny * w + $0] != owner }
        }
        if isBorder { result.labels[y * w + x] = LabelMap.void }
      }
    }
    return result
  }
}
