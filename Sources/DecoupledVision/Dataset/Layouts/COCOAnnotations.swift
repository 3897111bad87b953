import DecoupledBase

/// The objects of COCO's instance files (`instances_<set>.json`): polygons and run lengths by image. Only where each
/// object lies in the file is kept in memory; outlines are read when a mask is asked for.
final class COCOAnnotations: Sendable, Equatable {
  private struct Object: Sendable {
    let bytes: Range<Int>
    let classID: UInt8
    let isCrowd: Bool
  }

  let path: String
  let classes: ClassList
  let images: [COCOFile.Image]
  private let settings: COCOSettings
  /// By the image's id, in the order of the file.
  private let objects: [Int: [Object]]
  private let places: [Int: Int]

  static func == (a: COCOAnnotations, b: COCOAnnotations) -> Bool { a === b }

  private struct Header: Decodable {
    let image_id: Int
    let category_id: Int
    let iscrowd: Int?
  }

  /// - Throws: `EngineError` when the file is damaged or its objects name images or categories that it does not have.
  init(_ path: String, chosen: ClassList?, settings: COCOSettings) throws {
    self.path = path
    self.settings = settings
    let bytes = try FileAccess.read(path)
    let members = try JSONMembers(bytes, path: path, lists: ["images", "annotations", "categories"])
    func all<Value: Decodable>(_ list: String, _ type: Value.Type, _ what: String) throws -> [Value] {
      guard let ranges = members.elements[list] else { throw EngineError(.format, "'\(path)' has no list '\(list)'.") }
      return try ranges.enumerated().map { number, range in
        try JSONMembers.decode(type, from: bytes[range], of: path, what: "\(what) number \(number)")
      }
    }
    let ids: [Int: UInt8]
    (classes, ids) = try COCOFile.classes(
      all("categories", COCOFile.Category.self, "category"), chosen: chosen, path: path)
    images = try all("images", COCOFile.Image.self, "image")
    var places: [Int: Int] = [:]
    for (place, image) in images.enumerated() {
      try ImageLimits.check(width: image.width, height: image.height, what: "The image \(image.id) of '\(path)'")
      guard places.updateValue(place, forKey: image.id) == nil else {
        throw EngineError(.format, "'\(path)' has two images with the id \(image.id).")
      }
    }
    self.places = places
    let categories = Set(try all("categories", COCOFile.Category.self, "category").map(\.id))
    var objects: [Int: [Object]] = [:]
    for (number, header) in try all("annotations", Header.self, "annotation").enumerated() {
      guard places[header.image_id] != nil else {
        throw EngineError(
          .format, "Annotation number \(number) of '\(path)' names the image \(header.image_id), which it lacks.")
      }
      guard categories.contains(header.category_id) else {
        throw EngineError(
          .format, "Annotation number \(number) of '\(path)' names the category \(header.category_id), which it lacks.")
      }
      guard let id = ids[header.category_id], let range = members.elements["annotations"]?[number] else { continue }
      objects[header.image_id, default: []].append(
        Object(bytes: range, classID: id, isCrowd: header.iscrowd == 1))
    }
    self.objects = objects
  }

  /// Which classes the objects of an image have, crowds included.
  func labels(image id: Int) -> [Bool] {
    var labels = [Bool](repeating: false, count: classes.count)
    for object in objects[id] ?? [] { labels[Int(object.classID) - 1] = true }
    return labels
  }

  /// Draws the objects of an image in the order of the file.
  /// - Throws: `EngineError` when an outline is damaged.
  func mask(image id: Int) throws -> LabelMap {
    guard let place = places[id] else { throw EngineError(.format, "'\(path)' has no image with the id \(id).") }
    let image = images[place]
    var map = LabelMap(width: image.width, height: image.height)
    // All crowds in one, so that memory does not grow with their number.
    var crowds: [Bool] = []
    for object in objects[id] ?? [] {
      let region = try region(object, image)
      if object.isCrowd && settings.crowd == .void {
        if crowds.isEmpty { crowds = region.pixels }
        for (i, isInside) in region.pixels.enumerated() where isInside { crowds[i] = true }
        continue
      }
      let clashes = settings.overlap == .void
      for (i, isInside) in region.pixels.enumerated() where isInside {
        map.labels[i] = clashes && map.labels[i] != 0 ? LabelMap.void : object.classID
      }
    }
    for (i, isInside) in crowds.enumerated() where isInside && map.labels[i] == 0 { map.labels[i] = LabelMap.void }
    return map
  }

  private struct Outline: Decodable {
    struct RunLengths: Decodable {
      let size: [Int]
      let text: String?
      let runs: [Int]?

      enum CodingKeys: String, CodingKey { case size, counts }

      init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        size = try values.decode([Int].self, forKey: .size)
        text = try? values.decode(String.self, forKey: .counts)
        runs = text == nil ? try values.decode([Int].self, forKey: .counts) : nil
      }
    }

    let polygons: [[Double]]?
    let runLengths: RunLengths?

    enum CodingKeys: String, CodingKey { case segmentation }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      polygons = try? values.decode([[Double]].self, forKey: .segmentation)
      runLengths = polygons == nil ? try values.decode(RunLengths.self, forKey: .segmentation) : nil
    }
  }

  private func region(_ object: Object, _ image: COCOFile.Image) throws -> Region {
    let bytes = try FileAccess.read(path, offset: object.bytes.lowerBound, count: object.bytes.count)
    let what = "an outline of the image \(image.id)"
    let outline = try JSONMembers.decode(Outline.self, from: bytes[...], of: path, what: what)
    var region = Region(width: image.width, height: image.height)
    do {
      for polygon in outline.polygons ?? [] { try region.add(polygon: polygon) }
      if let lengths = outline.runLengths {
        guard lengths.size == [image.height, image.width] else {
          throw EngineError(.format, "the run lengths are for an image of another size")
        }
        if let text = lengths.text { try region.add(text: text) } else { try region.add(runs: lengths.runs ?? []) }
      }
    } catch let error as EngineError {
      throw EngineError(.format, "'\(path)': \(what) cannot be used: \(error.message).")
    }
    return region
  }
}
