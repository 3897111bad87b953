import DecoupledBase

/// The object classes of a data set. Id 0 is background and has no entry; class `names[k]` has the id k + 1.
public struct ClassList: Sendable, Equatable, Codable {
  /// L names, without background.
  public let names: [String]

  /// - Throws: `EngineError` unless there are 1 to 254 different names that can be file names and table columns.
  public init(_ names: [String], from file: String = "The class list") throws {
    guard (1...254).contains(names.count) else {
      throw EngineError(.format, "\(file) has \(names.count) classes; 1 to 254 are possible, one name a line.")
    }
    var seen: Set<String> = []
    for name in names {
      guard !name.isEmpty, !name.hasPrefix("."), !name.contains(where: { "/;,\"".contains($0) || $0.isNewline }) else {
        throw EngineError(.format, "\(file) has the class name '\(name)'; use names without / ; , and quotes.")
      }
      guard seen.insert(name).inserted else { throw EngineError(.format, "\(file) names the class '\(name)' twice.") }
    }
    self.names = names
  }

  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode([String].self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(names)
  }

  private init(known: [String]) { names = known }

  /// The 20 classes of PASCAL VOC in their order.
  public static let voc = ClassList(known: [
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
  ])

  /// Reads `classes.txt`: one name a line; empty lines and lines that begin with # are skipped.
  /// - Throws: `EngineError` when the file is missing, empty or names a class twice.
  public static func read(_ path: String) throws -> ClassList {
    let lines = try FileAccess.readLines(path).map(Lines.trim)
    return try ClassList(lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }, from: "'\(path)'")
  }

  /// L, the number of object classes.
  public var count: Int { names.count }

  /// The id (1...L) of a name; nil when there is no such class.
  public func id(of name: String) -> UInt8? { names.firstIndex(of: name).map { UInt8($0 + 1) } }

  /// The name of an id, "background" for 0 and "void" for 255; nil when there is no such class.
  public func name(of id: UInt8) -> String? {
    switch id {
    case 0: "background"
    case LabelMap.void: "void"
    default: Int(id) <= count ? names[Int(id) - 1] : nil
    }
  }

  /// Reads names into a multi-hot vector over the L classes.
  /// - Throws: `EngineError` when a name is unknown.
  public func multiHot(_ chosen: [String]) throws -> [Bool] {
    var labels = [Bool](repeating: false, count: count)
    for name in chosen {
      guard let place = names.firstIndex(of: name) else {
        throw EngineError(.format, "There is no class '\(name)'; the classes are \(names.joined(separator: ", ")).")
      }
      labels[place] = true
    }
    return labels
  }
}
