import DecoupledCore
import DecoupledVision

/// The probabilities of one image's label passes, and the label map they give (steps 4 to 8 of the released procedure).
struct ScoreMaps {
  /// Height and width of the network's input.
  let size: Int
  /// P(background) of the all-classes pass.
  var background: [Float]
  /// Identified classes, ascending, each with P(foreground) of its own pass.
  var foregrounds: [(classIndex: Int, probabilities: [Float])] = []

  init(size: Int) {
    self.size = size
    // Without an identified class nothing but background is found.
    background = [Float](repeating: 1, count: size * size)
  }

  /// Labels at the size of the image: the maps are normalised to sum 1, resized bicubically to the padded square, cut to
  /// the image, and the first largest wins.
  func labelMap(width: Int, height: Int, pool: ThreadPool) throws -> LabelMap {
    guard !foregrounds.isEmpty else { return LabelMap(width: width, height: height) }
    let maps = Self.resize(normalized(), size: size, width: width, height: height, pool: pool)
    var labels = [UInt8](repeating: 0, count: width * height)
    let ids = [0] + foregrounds.map { UInt8($0.classIndex + 1) }
    let rows = 64
    labels.withUnsafeMutableBufferPointer { target in
      let target = UncheckedBuffer(target)
      pool.forEach((height + rows - 1) / rows) { block, _ in
        for pixel in (block * rows * width)..<min((block + 1) * rows * width, width * height) {
          var best = 0
          for map in 1..<maps.count where maps[map][pixel] > maps[best][pixel] { best = map }
          target.buffer[pixel] = ids[best]
        }
      }
    }
    return try LabelMap(width: width, height: height, labels: labels)
  }

  /// P(foreground) of each identified class at the size of the image.
  func foregroundMaps(width: Int, height: Int, pool: ThreadPool) throws -> [FloatImage] {
    try Self.resize(foregrounds.map(\.probabilities), size: size, width: width, height: height, pool: pool).map {
      // The cubic kernel overshoots at edges.
      try FloatImage(
        width: width, height: height, channels: 1, values: $0.map { Swift.min(Swift.max($0, 0), 1) })
    }
  }

  /// Background and foregrounds divided by their sum. Where nothing is above 0, all tie and background wins.
  private func normalized() -> [[Float]] {
    var maps = [background] + foregrounds.map(\.probabilities)
    for pixel in 0..<(size * size) {
      var sum: Float = 0
      for map in maps.indices { sum += maps[map][pixel] }
      if sum <= 0 {
        for map in maps.indices { maps[map][pixel] += 1 }
        sum += Float(maps.count)
      }
      for map in maps.indices { maps[map][pixel] /= sum }
    }
    return maps
  }

  private static func resize(_ maps: [[Float]], size: Int, width: Int, height: Int, pool: ThreadPool) -> [[Float]] {
    let side = max(width, height)
    var resized = [[Float]](repeating: [], count: maps.count)
    resized.withUnsafeMutableBufferPointer { results in
      let results = UncheckedBuffer(results)
      pool.forEach(maps.count) { map, _ in
        results.buffer[map] = [Float](unsafeUninitializedCapacity: width * height) { target, count in
          Resampling.resizePlanes(
            maps[map], channels: 1, height: size, width: size, outHeight: side, outWidth: side,
            kept: (height, width), kernel: .bicubic, into: target.baseAddress!)
          count = width * height
        }
      }
    }
    return resized
  }
}

/// A buffer whose tasks write to disjoint places.
private struct UncheckedBuffer<Element>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>
  init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}
