import DecoupledBase

/// The segments of COCO's panoptic files (`panoptic_<set>.json` with a folder of PNG files whose colours are segment ids).
final class COCOPanoptic: Sendable, Equatable {
  let path: String
  let classes: ClassList
  let images: [COCOFile.Image]
  /// The file of segment ids of an image, inside the folder of these.
  let files: [Int: String]
  /// By the image's id: the class of every segment, 0 for one that is background.
  private let segments: [Int: [Int: UInt8]]

  static func == (a: COCOPanoptic, b: COCOPanoptic) -> Bool { a === b }

  private struct Contents: Decodable {
    struct Annotation: Decodable {
      struct Segment: Decodable {
        let id: Int
        let category_id: Int
      }

      let image_id: Int
      let file_name: String
      let segments_info: [Segment]
    }
  }

  /// - Throws: `EngineError` when the file is damaged or names images or categories that it does not have.
  init(_ path: String, chosen: ClassList?) throws {
    self.path = path
    let bytes = try FileAccess.read(path)
    let members = try JSONMembers(bytes, path: path, lists: ["images", "annotations", "categories"])
    func all<Value: Decodable>(_ list: String, _ type: Value.Type, _ what: String) throws -> [Value] {
      guard let ranges = members.elements[list] else { throw EngineError(.format, "'\(path)' has no list '\(list)'.") }
      return try ranges.enumerated().map { number, range in
        try JSONMembers.decode(type, from: bytes[range], of: path, what: "\(what) number \(number)")
      }
    }
    let categories = try all("categories", COCOFile.Category.self, "category")
    let ids: [Int: UInt8]
    (classes, ids) = try COCOFile.classes(categories, chosen: chosen, path: path)
    images = try all("images", COCOFile.Image.self, "image")
    for image in images {
      try ImageLimits.check(width: image.width, height: image.height, what: "The image \(image.id) of '\(path)'")
    }
    let known = Set(categories.map(\.id))
    let knownImages = Set(images.map(\.id))
    guard knownImages.count == images.count else { throw EngineError(.format, "'\(path)' has two images with one id.") }
    var segments: [Int: [Int: UInt8]] = [:]
    var files: [Int: String] = [:]
    for annotation in try all("annotations", Contents.Annotation.self, "annotation") {
      guard knownImages.contains(annotation.image_id) else {
        throw EngineError(.format, "'\(path)' has segments for the image \(annotation.image_id), which it lacks.")
      }
      var classOf: [Int: UInt8] = [:]
      for segment in annotation.segments_info {
        guard known.contains(segment.category_id) else {
          throw EngineError(
            .format,
            "A segment of the image \(annotation.image_id) in '\(path)' names the category \(segment.category_id), "
              + "which it lacks.")
        }
        classOf[segment.id] = ids[segment.category_id] ?? 0
      }
      segments[annotation.image_id] = classOf
      files[annotation.image_id] = annotation.file_name
    }
    self.segments = segments
    self.files = files
  }

  /// Which classes the segments of an image have.
  func labels(image id: Int) -> [Bool] {
    var labels = [Bool](repeating: false, count: classes.count)
    for classID in (segments[id] ?? [:]).values where classID > 0 { labels[Int(classID) - 1] = true }
    return labels
  }

  /// The classes of an image's segments; pixels without a segment are void.
  /// - Parameter file: the PNG of segment ids, red + 256 green + 65536 blue.
  /// - Throws: `EngineError` when the PNG cannot be read or holds a segment that the file does not describe.
  func mask(image id: Int, file: String) throws -> LabelMap {
    let picture = try ImageReader.read(file)
    let classOf = segments[id] ?? [:]
    var map = LabelMap(width: picture.width, height: picture.height, fill: LabelMap.void)
    // Neighbouring pixels mostly belong to one segment.
    var last = (segment: 0, classID: LabelMap.void)
    for i in map.labels.indices {
      let segment =
        Int(picture.pixels[3 * i]) | Int(picture.pixels[3 * i + 1]) << 8 | Int(picture.pixels[3 * i + 2]) << 16
      if segment != last.segment {
        if segment == 0 {
          last = (0, LabelMap.void)
        } else {
          guard let classID = classOf[segment] else {
            throw EngineError(.format, "'\(file)' shows the segment \(segment), which '\(path)' does not describe.")
          }
          last = (segment, classID)
        }
      }
      map.labels[i] = last.classID
    }
    return map
  }
}
