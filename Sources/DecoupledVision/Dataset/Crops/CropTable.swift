import DecoupledBase

/// Training windows that were made ahead, each with the classes selected in it: what an official list holds besides its
/// file names. A set of the paper's size has millions, so an entry takes 24 bytes.
public struct CropTable: Sendable, Equatable {
  /// One training window.
  public struct Entry: Sendable, Hashable {
    /// Which item of the data set it is cut from.
    public let item: Int
    /// The part to show; nil for the whole image.
    public let window: Window?
    /// Class ids that are selected, ascending; nil when the list has no bits.
    public let subset: [UInt8]?

    public init(item: Int, window: Window?, subset: [UInt8]?) {
      self.item = item
      self.window = window
      self.subset = subset
    }
  }

  private struct Packed: Sendable, Equatable {
    var item: Int32
    var subset: Int32
    var x1: Int32
    var y1: Int32
    var x2: Int32
    var y2: Int32
  }

  private var entries: [Packed] = []
  private var subsets: [[UInt8]] = []
  private var places: [[UInt8]: Int32] = [:]

  public init() {}

  public var count: Int { entries.count }

  /// Whether every entry says which classes are selected.
  public private(set) var hasSubsets = true

  public subscript(index: Int) -> Entry {
    let entry = entries[index]
    let isWhole = entry.x2 < entry.x1
    return Entry(
      item: Int(entry.item),
      window: isWhole
        ? nil : Window(x1: Int(entry.x1), y1: Int(entry.y1), x2: Int(entry.x2), y2: Int(entry.y2)),
      subset: entry.subset < 0 ? nil : subsets[Int(entry.subset)])
  }

  /// - Throws: `EngineError` when the window is empty, too large or too far away from any image.
  public mutating func append(_ entry: Entry) throws {
    var place: Int32 = -1
    if let subset = entry.subset {
      if let known = places[subset] {
        place = known
      } else {
        place = Int32(subsets.count)
        subsets.append(subset)
        places[subset] = place
      }
    } else {
      hasSubsets = false
    }
    var packed = Packed(item: Int32(clamping: entry.item), subset: place, x1: 0, y1: 0, x2: -1, y2: -1)
    if let window = entry.window {
      let far = 4 * ImageLimits.side
      guard [window.x1, window.y1, window.x2, window.y2].allSatisfy({ abs($0) <= far }) else {
        throw EngineError(
          .format, "The window \(window.x1) \(window.y1) \(window.x2) \(window.y2) lies outside of any image.")
      }
      try ImageLimits.check(
        width: window.width, height: window.height,
        what: "The window \(window.x1) \(window.y1) \(window.x2) \(window.y2)")
      (packed.x1, packed.y1) = (Int32(window.x1), Int32(window.y1))
      (packed.x2, packed.y2) = (Int32(window.x2), Int32(window.y2))
    }
    entries.append(packed)
  }
}
