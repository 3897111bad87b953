import DecoupledBase
import FoundationEssentials

/// One JSON file of LabelMe: shapes with a label each. Later shapes cover earlier ones. The labels `_background_` and
/// `__ignore__` are background and void; points and lines have no area and are left out.
struct LabelMeFile {
  let path: String
  private let contents: Contents

  private static let background = "_background_"
  private static let ignored = "__ignore__"

  private struct Contents: Decodable {
    let shapes: [Shape]
    let imageWidth: Int?
    let imageHeight: Int?
  }

  private struct Shape: Decodable {
    let label: String
    let points: [[Double]]
    let shape_type: String?
    /// A PNG in base 64 inside the rectangle of the points.
    let mask: String?
  }

  /// - Throws: `EngineError` when the file is damaged.
  init(_ path: String) throws {
    self.path = path
    contents = try JSONMembers.decode(Contents.self, from: FileAccess.read(path)[...], of: path, what: "it")
  }

  /// The labels that are classes, each once.
  var labels: Set<String> { Set(contents.shapes.map(\.label)).subtracting([Self.background, Self.ignored]) }

  /// - Throws: `EngineError` when a label is no class.
  func imageLabels(_ classes: ClassList) throws -> [Bool] {
    do { return try classes.multiHot(labels.sorted()) } catch let error as EngineError {
      throw EngineError(.format, "'\(path)': \(error.message)")
    }
  }

  /// Draws the shapes in their order.
  /// - Parameter size: of the upright photo, for files that do not say.
  /// - Throws: `EngineError` when a shape is damaged or its label no class.
  func mask(_ classes: ClassList, size: () throws -> (width: Int, height: Int)) throws -> LabelMap {
    let width: Int
    let height: Int
    if let w = contents.imageWidth, let h = contents.imageHeight {
      (width, height) = (w, h)
    } else {
      (width, height) = try size()
    }
    try ImageLimits.check(width: width, height: height, what: "'\(path)'")
    var map = LabelMap(width: width, height: height)
    for (number, shape) in contents.shapes.enumerated() {
      let id: UInt8
      switch shape.label {
      case Self.background: id = 0
      case Self.ignored: id = LabelMap.void
      default:
        guard let known = classes.id(of: shape.label) else {
          throw EngineError(.format, "'\(path)' has the label '\(shape.label)', which is no class.")
        }
        id = known
      }
      do {
        if let region = try region(shape, width, height) {
          for (i, isInside) in region.pixels.enumerated() where isInside { map.labels[i] = id }
        } else if shape.shape_type == "mask" {
          try paste(shape, id, into: &map)
        }
      } catch let error as EngineError {
        throw EngineError(.format, "'\(path)': shape number \(number) cannot be used: \(error.message).")
      }
    }
    return map
  }

  /// Nil for shapes without an outline.
  private func region(_ shape: Shape, _ width: Int, _ height: Int) throws -> Region? {
    guard shape.points.allSatisfy({ $0.count == 2 }) else { throw EngineError(.format, "a point needs two numbers") }
    var region = Region(width: width, height: height)
    switch shape.shape_type ?? "polygon" {
    case "polygon": try region.add(polygon: shape.points.flatMap { $0 })
    case "rectangle":
      let (a, b) = try pair(shape)
      try region.add(polygon: [a[0], a[1], b[0], a[1], b[0], b[1], a[0], b[1]])
    case "circle":
      let (centre, edge) = try pair(shape)
      let squared = (edge[0] - centre[0]) * (edge[0] - centre[0]) + (edge[1] - centre[1]) * (edge[1] - centre[1])
      region.add { x, y in
        let (dx, dy) = (x - centre[0], y - centre[1])
        return dx * dx + dy * dy <= squared
      }
    case "point", "points", "line", "linestrip", "mask": return nil
    case let other: throw EngineError(.format, "there is no shape '\(other)'")
    }
    return region
  }

  private func pair(_ shape: Shape) throws -> ([Double], [Double]) {
    guard shape.points.count == 2 else {
      throw EngineError(.format, "a \(shape.shape_type ?? "") needs 2 points, not \(shape.points.count)")
    }
    return (shape.points[0], shape.points[1])
  }

  private func paste(_ shape: Shape, _ id: UInt8, into map: inout LabelMap) throws {
    let (corner, _) = try pair(shape)
    guard let text = shape.mask, let data = Data(base64Encoded: text) else {
      throw EngineError(.format, "its mask is no PNG in base 64")
    }
    let far = Double(ImageLimits.side)
    guard abs(corner[0]) <= far, abs(corner[1]) <= far else {
      throw EngineError(.format, "it lies far outside of the image")
    }
    let (left, top) = (Int(corner[0]), Int(corner[1]))
    let part = try MaskReader.decode([UInt8](data), name: path)
    for y in 0..<part.height where (0..<map.height).contains(y + top) {
      for x in 0..<part.width where (0..<map.width).contains(x + left) && part[x, y] != 0 {
        map[x + left, y + top] = id
      }
    }
  }
}
