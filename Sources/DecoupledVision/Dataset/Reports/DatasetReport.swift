import DecoupledBase

/// What `DatasetCheck` found.
public struct DatasetReport: Sendable, Equatable, Codable {
  /// One object class.
  public struct ClassCount: Sendable, Equatable, Codable {
    public let name: String
    /// Images whose image-level labels have the class.
    public let images: Int
    /// Usable masks with at least one pixel of it.
    public let masks: Int
    /// Its pixels in all usable masks.
    public let pixels: Int
  }

  /// The smallest, middle and largest of a series; 0 when it is empty.
  public struct Spread: Sendable, Equatable, Codable {
    public let minimum: Int
    public let median: Int
    public let maximum: Int

    init(_ values: [Int]) {
      let sorted = values.sorted()
      minimum = sorted.first ?? 0
      median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
      maximum = sorted.last ?? 0
    }
  }

  /// A fault of one file.
  public struct Problem: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
      case missingImage, unreadableImage, missingMask, unreadableMask, sizeMismatch, unknownValue, labelMismatch
      case missingLabels, unusableSet
    }

    public let kind: Kind
    /// The id of the item.
    public let item: String
    public let file: String
    public let message: String
  }

  /// One set of a data set that was checked as a whole.
  public struct SetCount: Sendable, Equatable, Codable {
    public let name: String
    public let items: Int
    /// Items with image-level labels.
    public let labelled: Int
    /// Items with a mask that may be used.
    public let masks: Int

    init(_ name: String, _ dataset: Dataset) {
      self.name = name
      items = dataset.items.count
      labelled = dataset.labelledItems.count
      masks = dataset.strongItems.count
    }
  }

  /// Items of the set, or of all sets together.
  public let items: Int
  /// Items with image-level labels.
  public let labelled: Int
  /// Items with a mask that may be used.
  public let masks: Int
  /// Items whose image-level labels name no class.
  public let withoutObjects: Int
  public let classes: [ClassCount]
  public let backgroundPixels: Int
  public let voidPixels: Int
  /// Widths of the upright photos in pixels.
  public let width: Spread
  /// Heights of the upright photos in pixels.
  public let height: Spread
  /// The sets, when all of them were checked; else empty.
  public private(set) var sets: [SetCount]
  public private(set) var problems: [Problem]

  func adding(sets: [SetCount], _ more: [Problem]) -> DatasetReport {
    var report = self
    report.sets = sets
    report.problems = more + problems
    return report
  }

  /// Tables to read; of each kind of problem the first ten.
  public var text: String {
    var text = "\(items) images, \(labelled) with image-level labels, \(masks) with a usable mask\n"
    for set in sets {
      text += "  set \(set.name): \(set.items) images, \(set.labelled) with labels, \(set.masks) with a mask\n"
    }
    text += "\(withoutObjects) images have labels that name no object\n"
    text += "width \(width.minimum) / \(width.median) / \(width.maximum), "
    text += "height \(height.minimum) / \(height.median) / \(height.maximum) (least / median / most)\n\n"
    let total = max(1, classes.reduce(backgroundPixels + voidPixels) { $0 + $1.pixels })
    func share(_ pixels: Int) -> String { NumberText.fixed(100 * Double(pixels) / Double(total), digits: 2) }
    var rows = [["class", "images", "masks", "pixels %"]]
    rows += classes.map { [$0.name, "\($0.images)", "\($0.masks)", share($0.pixels)] }
    rows += [["background", "", "", share(backgroundPixels)], ["void", "", "", share(voidPixels)]]
    text += TextTable.aligned(rows)
    text += problems.isEmpty ? "\nno problems\n" : "\n\(problems.count) problems\n"
    for kind in Problem.Kind.allCases {
      let found = problems.filter { $0.kind == kind }
      for problem in found.prefix(10) { text += "  \(problem.message)\n" }
      if found.count > 10 { text += "  and \(found.count - 10) more of this kind (\(kind.rawValue))\n" }
    }
    return text
  }

  /// As one JSON object.
  public func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }
}
