/// Weights and places of the input pixels behind each output pixel of one dimension.
struct ResamplingTaps {
  let outputs: Int
  /// Input pixels per output pixel.
  let taps: Int
  /// `outputs * taps` input positions.
  let positions: [Int]
  /// `outputs * taps` weights, each group summing to 1.
  let weights: [Double]

  /// The rule of MATLAB's `imresize` (see `Resampling.resizePlanes`).
  /// - Parameters:
  ///   - content: only this many of the inputs are there; the others are zeros and get no weight.
  ///   - kept: only this many of the outputs are wanted.
  init(inputs: Int, content: Int, outputs: Int, kept: Int, kernel: Resampling.Kernel, antialias: Bool) {
    let scale = Double(outputs) / Double(inputs)
    let outputs = kept
    let stretch = antialias && scale < 1 ? scale : 1
    let width = kernel.width / stretch
    let taps = Int(width.rounded(.up)) + 2
    var positions = [Int](repeating: 0, count: outputs * taps)
    var weights = [Double](repeating: 0, count: outputs * taps)
    for output in 0..<outputs {
      // 1-based coordinates, as in the published rule.
      let centre = Double(output + 1) / scale + 0.5 * (1 - 1 / scale)
      let left = Int((centre - width / 2).rounded(.down))
      var sum = 0.0
      for tap in 0..<taps {
        let weight = stretch * kernel(stretch * (centre - Double(left + tap)))
        weights[output * taps + tap] = weight
        sum += weight
        let wrapped = ((left + tap - 1) % (2 * inputs) + 2 * inputs) % (2 * inputs)
        positions[output * taps + tap] = wrapped < inputs ? wrapped : 2 * inputs - 1 - wrapped
      }
      for tap in (output * taps)..<((output + 1) * taps) {
        let isThere = positions[tap] < content
        weights[tap] = isThere ? weights[tap] / sum : 0
        if !isThere { positions[tap] = 0 }
      }
    }
    self.init(outputs: outputs, taps: taps, positions: positions, weights: weights)
  }

  /// Drops the taps that weigh nothing for every output.
  private init(outputs: Int, taps: Int, positions: [Int], weights: [Double]) {
    let used = (0..<taps).filter { tap in (0..<outputs).contains { weights[$0 * taps + tap] != 0 } }
    self.outputs = outputs
    self.taps = used.count
    self.positions = (0..<outputs).flatMap { output in used.map { positions[output * taps + $0] } }
    self.weights = (0..<outputs).flatMap { output in used.map { weights[output * taps + $0] } }
  }
}

/// Resizes planes of one size to another by MATLAB's rule; made once, used for every channel.
struct PlaneResizer {
  private let contentHeight: Int
  private let contentWidth: Int
  private let keptWidth: Int
  private let rows: ResamplingTaps?
  private let columns: ResamplingTaps?
  private let rowsFirst: Bool

  /// - Parameters:
  ///   - content: the top left part that is not zero; planes hold this part only. All of it by default.
  ///   - kept: the top left part of the result that is wanted. All of it by default.
  init(
    height: Int, width: Int, content: (height: Int, width: Int)? = nil, outHeight: Int, outWidth: Int,
    kept: (height: Int, width: Int)? = nil, kernel: Resampling.Kernel, antialias: Bool
  ) {
    let kept = kept ?? (outHeight, outWidth)
    contentHeight = content?.height ?? height
    contentWidth = content?.width ?? width
    keptWidth = kept.width
    // With equal sizes every weight is 1 or 0: the pass would copy.
    rows =
      contentHeight == outHeight && height == outHeight && kept.height == outHeight
      ? nil
      : ResamplingTaps(
        inputs: height, content: contentHeight, outputs: outHeight, kept: kept.height, kernel: kernel,
        antialias: antialias)
    columns =
      contentWidth == outWidth && width == outWidth && kept.width == outWidth
      ? nil
      : ResamplingTaps(
        inputs: width, content: contentWidth, outputs: outWidth, kept: kept.width, kernel: kernel, antialias: antialias)
    rowsFirst = outHeight * width <= outWidth * height
  }

  /// Resizes one plane of as many values as its content has.
  func resize(_ plane: [Double]) -> [Double] {
    guard rowsFirst else { return resizeRows(resizeColumns(plane, height: contentHeight), width: keptWidth) }
    return resizeColumns(resizeRows(plane, width: contentWidth), height: rows?.outputs ?? contentHeight)
  }

  /// Resizes a channel of an image (0 red, 1 green, 2 blue) that is as large as the content.
  func resize(_ image: RGBImage, channel: Int) -> [Double] {
    // The whole channel in double would be the most memory that a large photograph takes.
    guard rowsFirst, let rows else { return resize(image.plane(channel)) }
    let narrow = image.pixels.withUnsafeBufferPointer { pixels in
      Self.resizeRows(width: contentWidth, rows) { row, weight, start in
        for x in 0..<row.count { row[x] += weight * Double(pixels[3 * (start + x) + channel]) }
      }
    }
    return resizeColumns(narrow, height: rows.outputs)
  }

  private func resizeRows(_ plane: [Double], width: Int) -> [Double] {
    guard let rows else { return plane }
    return plane.withUnsafeBufferPointer { source in
      Self.resizeRows(width: width, rows) { row, weight, start in
        let from = UnsafeBufferPointer(rebasing: source[start..<start + row.count])
        for x in 0..<row.count { row[x] += weight * from[x] }
      }
    }
  }

  private func resizeColumns(_ plane: [Double], height: Int) -> [Double] {
    guard let columns else { return plane }
    return Self.resizeColumns(plane, height: height, width: contentWidth, columns)
  }

  /// Output rows are weighted sums of input rows: the inner loop runs along both.
  /// - Parameter add: adds the input row that begins at a place, multiplied by a weight, to an output row.
  @inline(__always)
  private static func resizeRows(
    width: Int, _ taps: ResamplingTaps,
    add: (_ row: UnsafeMutableBufferPointer<Double>, _ weight: Double, _ start: Int) -> Void
  ) -> [Double] {
    var result = [Double](repeating: 0, count: taps.outputs * width)
    result.withUnsafeMutableBufferPointer { target in
      for output in 0..<taps.outputs {
        let row = UnsafeMutableBufferPointer(rebasing: target[(output * width)..<((output + 1) * width)])
        for tap in (output * taps.taps)..<((output + 1) * taps.taps) where taps.weights[tap] != 0 {
          add(row, taps.weights[tap], taps.positions[tap] * width)
        }
      }
    }
    return result
  }

  private static func resizeColumns(_ plane: [Double], height: Int, width: Int, _ taps: ResamplingTaps) -> [Double] {
    let outputs = taps.outputs
    let count = taps.taps
    return [Double](unsafeUninitializedCapacity: height * outputs) { target, initialized in
      plane.withUnsafeBufferPointer { source in
        taps.positions.withUnsafeBufferPointer { positions in
          taps.weights.withUnsafeBufferPointer { weights in
            for y in 0..<height {
              let row = UnsafeBufferPointer(rebasing: source[(y * width)..<((y + 1) * width)])
              var tap = 0
              for x in 0..<outputs {
                var sum = 0.0
                for _ in 0..<count {
                  sum += weights[tap] * row[positions[tap]]
                  tap += 1
                }
                target[y * outputs + x] = sum
              }
            }
          }
        }
      }
      initialized = height * outputs
    }
  }
}
