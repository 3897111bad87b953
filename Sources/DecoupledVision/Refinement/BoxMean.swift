/// Means over square windows, which end where the strip does.
///
/// A row's sums run along it and rows are added one by one, so a mean does not depend on where a strip begins.
struct BoxMean {
  let width: Int
  let rows: Int
  let radius: Int

  /// - Parameter values: shape (rows, width, channels).
  /// - Returns: the mean of the window around each value.
  func mean(_ values: [Float], channels: Int) -> [Float] {
    let count = width * channels
    var sums = [Float](repeating: 0, count: rows * count)
    sums.withUnsafeMutableBufferPointer { sums in
      values.withUnsafeBufferPointer { values in
        for y in 0..<rows {
          for channel in 0..<channels { sumRow(values, sums, from: y * count + channel, by: channels) }
        }
      }
    }
    return [Float](unsafeUninitializedCapacity: rows * count) { target, initialized in
      sums.withUnsafeBufferPointer { sums in
        for y in 0..<rows {
          let (top, bottom) = (max(y - radius, 0), min(y + radius, rows - 1))
          let row = UnsafeMutableBufferPointer(rebasing: target[y * count..<(y + 1) * count])
          row.initialize(repeating: 0)
          for other in top...bottom {
            let from = UnsafeBufferPointer(rebasing: sums[other * count..<(other + 1) * count])
            for i in 0..<count { row[i] += from[i] }
          }
          for x in 0..<width {
            let columns = min(x + radius, width - 1) - max(x - radius, 0) + 1
            let share = 1 / Float((bottom - top + 1) * columns)
            for i in x * channels..<(x + 1) * channels { row[i] *= share }
          }
        }
      }
      initialized = rows * count
    }
  }

  /// Sums of the windows of one row and channel.
  private func sumRow(
    _ values: UnsafeBufferPointer<Float>, _ sums: UnsafeMutableBufferPointer<Float>, from start: Int, by step: Int
  ) {
    var sum = 0.0
    for x in 0..<min(radius, width) { sum += Double(values[start + x * step]) }
    for x in 0..<width {
      if x + radius < width { sum += Double(values[start + (x + radius) * step]) }
      if x > radius { sum -= Double(values[start + (x - radius - 1) * step]) }
      sums[start + x * step] = Float(sum)
    }
  }
}
