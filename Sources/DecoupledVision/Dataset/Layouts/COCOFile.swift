import DecoupledBase

/// What COCO's instance and panoptic files have in common.
enum COCOFile {
  struct Image: Decodable {
    let id: Int
    let file_name: String
    let width: Int
    let height: Int
  }

  struct Category: Decodable {
    let id: Int
    let name: String
  }

  /// The classes, and the class id of every category that is one of them.
  /// - Parameter chosen: names of `classes.txt`; other categories are background then. Nil takes all, by their id.
  static func classes(
    _ categories: [Category], chosen: ClassList?, path: String
  ) throws -> (classes: ClassList, ids: [Int: UInt8]) {
    let ordered = categories.sorted { $0.id < $1.id }
    let classes = try chosen ?? ClassList(ordered.map(\.name), from: "'\(path)'")
    let known = Set(ordered.map(\.name))
    if let missing = classes.names.first(where: { !known.contains($0) }) {
      throw EngineError(.format, "classes.txt names '\(missing)', which is no category of '\(path)'.")
    }
    var ids: [Int: UInt8] = [:]
    for category in ordered {
      if let id = classes.id(of: category.name) { ids[category.id] = id }
    }
    return (classes, ids)
  }
}
