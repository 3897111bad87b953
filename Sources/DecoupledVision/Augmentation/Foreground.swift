/// The pixels of a label subset, ready for questions about windows.
public struct Foreground: Sendable {
  public let width: Int
  public let height: Int
  /// The smallest window with all pixels of the subset; nil when there are none.
  public let box: Window?
  /// The number of pixels of the subset.
  public let count: Int
  /// Sums over all rows above and columns to the left, shape (height + 1, width + 1).
  private let sums: [Int32]

  /// Finds the pixels of `map` whose label is in `subset`.
  public init(_ map: LabelMap, subset: [UInt8]) {
    let binary = CombinatorialCropping.binaryLabels(map, subset: subset)
    let stride = map.width + 1
    var sums = [Int32](repeating: 0, count: stride * (map.height + 1))
    var box = Window(x1: map.width, y1: map.height, x2: -1, y2: -1)
    binary.withUnsafeBufferPointer { binary in
      sums.withUnsafeMutableBufferPointer { sums in
        for y in 0..<map.height {
          var row: Int32 = 0
          for x in 0..<map.width {
            if binary[y * map.width + x] == 1 {
              row += 1
              box = Window(x1: min(box.x1, x), y1: min(box.y1, y), x2: max(box.x2, x), y2: max(box.y2, y))
            }
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row
          }
        }
      }
    }
    width = map.width
    height = map.height
    count = Int(sums.last ?? 0)
    self.box = count > 0 ? box : nil
    self.sums = sums
  }

  /// The number of pixels of the subset inside a window.
  public func count(in window: Window) -> Int {
    let (left, right) = (max(window.x1, 0), min(window.x2 + 1, width))
    let (top, bottom) = (max(window.y1, 0), min(window.y2 + 1, height))
    guard left < right, top < bottom else { return 0 }
    let stride = width + 1
    return Int(
      sums[bottom * stride + right] - sums[top * stride + right] - sums[bottom * stride + left]
        + sums[top * stride + left])
  }
}
