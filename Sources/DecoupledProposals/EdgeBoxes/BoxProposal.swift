import DecoupledVision

/// A window that is likely to hold a whole object.
public struct BoxProposal: Sendable, Hashable, Codable {
  /// Column of the left side, in pixels from 0.
  public let x: Int
  /// Row of the upper side, in pixels from 0.
  public let y: Int
  public let width: Int
  public let height: Int
  /// Weight of the contours that lie wholly inside, divided by a power of the size; above 0, higher is better.
  public let score: Float

  public init(x: Int, y: Int, width: Int, height: Int, score: Float) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
    self.score = score
  }

  /// The pixels of the box; always inside the image.
  public var window: Window { Window(x1: x, y1: y, x2: x + width - 1, y2: y + height - 1) }

  /// Area of the intersection divided by that of the union, 0...1.
  public func overlap(_ other: BoxProposal) -> Double {
    let across = min(x + width, other.x + other.width) - max(x, other.x)
    let down = min(y + height, other.y + other.height) - max(y, other.y)
    guard across > 0, down > 0 else { return 0 }
    let shared = Double(across) * Double(down)
    return shared / (Double(width) * Double(height) + Double(other.width) * Double(other.height) - shared)
  }
}
