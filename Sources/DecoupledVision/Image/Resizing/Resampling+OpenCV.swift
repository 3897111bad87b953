/// OpenCV's rules, which the training data layer of the paper's authors uses. Neither has an antialiasing filter.
extension Resampling {
  /// One output position of OpenCV's linear rule: the left neighbour, the right one and the weight of the right one.
  private struct LinearTap {
    let left: Int
    let right: Int
    let fraction: Float

    /// `(output + 0.5) * inputs / outputs - 0.5`, clamped to the image.
    init(_ output: Int, inputs: Int, outputs: Int) {
      let scale = 1 / (Double(outputs) / Double(inputs))
      let place = Float((Double(output) + 0.5) * scale - 0.5)
      let floor = Int(place.rounded(.down))
      if floor < 0 || floor >= inputs - 1 {
        left = floor < 0 ? 0 : inputs - 1
        right = left
        fraction = 0
      } else {
        left = floor
        right = floor + 1
        fraction = place - Float(floor)
      }
    }

    /// The weight with 11 fractional bits.
    var fixed: Int32 { Int32((fraction * 2048).rounded(.toNearestOrEven)) }
  }

  private static func taps(inputs: Int, outputs: Int) -> [LinearTap] {
    (0..<outputs).map { LinearTap($0, inputs: inputs, outputs: outputs) }
  }

  /// `INTER_LINEAR` on 8-bit pixels: weights of 11 bits in each direction, rounded once at the end (within one level of
  /// OpenCV).
  /// - Throws: `EngineError` when the size is refused.
  public static func resizeLinear(_ image: RGBImage, width: Int, height: Int) throws -> RGBImage {
    try ImageLimits.check(width: width, height: height, what: "The resized image")
    if width == image.width && height == image.height { return image }
    let columns = taps(inputs: image.width, outputs: width)
    var result = RGBImage(width: width, height: height)
    // Rows resized horizontally, with 11 fractional bits; neighbouring output rows mostly share them.
    var upper = LinearRow(width: width)
    var lower = LinearRow(width: width)
    image.pixels.withUnsafeBufferPointer { source in
      result.pixels.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          let tap = LinearTap(y, inputs: image.height, outputs: height)
          if upper.source != tap.left && lower.source == tap.left { swap(&upper, &lower) }
          upper.fill(from: source, row: tap.left, width: image.width, columns)
          lower.fill(from: source, row: tap.right, width: image.width, columns)
          let weight = tap.fixed
          let row = UnsafeMutableBufferPointer(rebasing: target[(3 * y * width)..<(3 * (y + 1) * width)])
          upper.values.withUnsafeBufferPointer { above in
            lower.values.withUnsafeBufferPointer { below in
              for i in 0..<(3 * width) {
                row[i] = UInt8(truncatingIfNeeded: (above[i] * (2048 - weight) + below[i] * weight + (1 << 21)) >> 22)
              }
            }
          }
        }
      }
    }
    return result
  }

  private struct LinearRow {
    var source = -1
    var values: [Int32]

    init(width: Int) { values = [Int32](repeating: 0, count: 3 * width) }

    mutating func fill(from pixels: UnsafeBufferPointer<UInt8>, row: Int, width: Int, _ columns: [LinearTap]) {
      if source == row { return }
      source = row
      let line = UnsafeBufferPointer(rebasing: pixels[(3 * row * width)..<(3 * (row + 1) * width)])
      values.withUnsafeMutableBufferPointer { target in
        columns.withUnsafeBufferPointer { columns in
          for x in 0..<columns.count {
            let tap = columns[x]
            let weight = tap.fixed
            for c in 0..<3 {
              target[3 * x + c] =
                Int32(line[3 * tap.left + c]) * (2048 - weight) + Int32(line[3 * tap.right + c]) * weight
            }
          }
        }
      }
    }
  }

  /// `INTER_LINEAR` on float planes.
  /// - Throws: `EngineError` when the size is refused.
  public static func resizeLinear(_ image: FloatImage, width: Int, height: Int) throws -> FloatImage {
    try ImageLimits.check(width: width, height: height, what: "The resized image")
    let columns = taps(inputs: image.width, outputs: width)
    let rows = taps(inputs: image.height, outputs: height)
    var result = FloatImage(width: width, height: height, channels: image.channels)
    image.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for channel in 0..<image.channels {
          for y in 0..<height {
            let above = (channel * image.height + rows[y].left) * image.width
            let below = (channel * image.height + rows[y].right) * image.width
            let start = (channel * height + y) * width
            for x in 0..<width {
              let tap = columns[x]
              let top = source[above + tap.left] * (1 - tap.fraction) + source[above + tap.right] * tap.fraction
              let bottom = source[below + tap.left] * (1 - tap.fraction) + source[below + tap.right] * tap.fraction
              target[start + x] = top * (1 - rows[y].fraction) + bottom * rows[y].fraction
            }
          }
        }
      }
    }
    return result
  }

  /// `INTER_NEAREST` on labels: the source of pixel x is `floor(x * in / out)`.
  /// - Throws: `EngineError` when the size is refused.
  public static func resizeNearest(_ map: LabelMap, width: Int, height: Int) throws -> LabelMap {
    try ImageLimits.check(width: width, height: height, what: "The resized label map")
    let columns = nearest(inputs: map.width, outputs: width)
    let rows = nearest(inputs: map.height, outputs: height)
    var result = LabelMap(width: width, height: height)
    map.labels.withUnsafeBufferPointer { source in
      result.labels.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          let row = rows[y] * map.width
          for x in 0..<width { target[y * width + x] = source[row + columns[x]] }
        }
      }
    }
    return result
  }

  private static func nearest(inputs: Int, outputs: Int) -> [Int] {
    let scale = 1 / (Double(outputs) / Double(inputs))
    return (0..<outputs).map { min(Int((Double($0) * scale).rounded(.down)), inputs - 1) }
  }
}
