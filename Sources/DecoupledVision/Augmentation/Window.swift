import DecoupledBase

/// A rectangle of pixels with inclusive corners, counted from 0; it may leave the image.
public struct Window: Sendable, Hashable, Codable {
  public var x1: Int
  public var y1: Int
  public var x2: Int
  public var y2: Int

  public init(x1: Int, y1: Int, x2: Int, y2: Int) {
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }

  /// The whole of an image.
  public init(width: Int, height: Int) { self.init(x1: 0, y1: 0, x2: width - 1, y2: height - 1) }

  public var width: Int { x2 - x1 + 1 }
  public var height: Int { y2 - y1 + 1 }

  /// True when no pixel of `other` is outside.
  public func encloses(_ other: Window) -> Bool {
    x1 <= other.x1 && y1 <= other.y1 && x2 >= other.x2 && y2 >= other.y2
  }

  /// The smallest square that encloses the window, at a random place along the shorter side.
  public func squared(random: inout CounterRandom) -> Window {
    let side = max(width, height)
    let left = x1 - random.int(0...(side - width))
    let top = y1 - random.int(0...(side - height))
    return Window(x1: left, y1: top, x2: left + side - 1, y2: top + side - 1)
  }

  /// The window enlarged (or made smaller) about its centre.
  public func scaled(by factor: Double) -> Window {
    let moreX = Int((Double(width) * (factor - 1) / 2).rounded())
    let moreY = Int((Double(height) * (factor - 1) / 2).rounded())
    let (slackX, slackY) = ((width - 1) / 2, (height - 1) / 2)
    let (dx, dy) = (max(moreX, -slackX), max(moreY, -slackY))
    return Window(x1: x1 - dx, y1: y1 - dy, x2: x2 + dx, y2: y2 + dy)
  }
}

extension RGBImage {
  /// The pixels of the window; what lies outside the image is black.
  /// - Throws: `EngineError` when the window is empty or too large.
  public func cut(_ window: Window) throws -> RGBImage {
    try ImageLimits.check(width: window.width, height: window.height, what: "The window")
    if window == Window(width: width, height: height) { return self }
    var result = RGBImage(width: window.width, height: window.height)
    let columns = max(window.x1, 0)..<max(min(window.x2 + 1, width), max(window.x1, 0))
    pixels.withUnsafeBufferPointer { source in
      result.pixels.withUnsafeMutableBufferPointer { target in
        for y in max(window.y1, 0)..<max(min(window.y2 + 1, height), max(window.y1, 0)) {
          let from = 3 * (y * width + columns.lowerBound)
          let to = 3 * ((y - window.y1) * window.width + columns.lowerBound - window.x1)
          for i in 0..<(3 * columns.count) { target[to + i] = source[from + i] }
        }
      }
    }
    return result
  }
}

extension LabelMap {
  /// The labels of the window; what lies outside the map is void (255).
  /// - Throws: `EngineError` when the window is empty or too large.
  public func cut(_ window: Window) throws -> LabelMap {
    try ImageLimits.check(width: window.width, height: window.height, what: "The window")
    if window == Window(width: width, height: height) { return self }
    var result = LabelMap(width: window.width, height: window.height, fill: LabelMap.void)
    let columns = max(window.x1, 0)..<max(min(window.x2 + 1, width), max(window.x1, 0))
    labels.withUnsafeBufferPointer { source in
      result.labels.withUnsafeMutableBufferPointer { target in
        for y in max(window.y1, 0)..<max(min(window.y2 + 1, height), max(window.y1, 0)) {
          let from = y * width + columns.lowerBound
          let to = (y - window.y1) * window.width + columns.lowerBound - window.x1
          for i in 0..<columns.count { target[to + i] = source[from + i] }
        }
      }
    }
    return result
  }
}
