import DecoupledBase
import DecoupledVision
import Foundation
import Testing

/// Rules of foreign layouts that the small sets of `ForeignDatasetTests` do not show.
private func options(_ set: String?, _ change: (inout Dataset.Options) -> Void = { _ in }) -> Dataset.Options {
  var options = Dataset.Options(set: set)
  change(&options)
  return options
}

@Suite struct COCORuleTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileAccess.makeFolder(folder.file("images"))
  }

  private func instances(_ images: String, _ annotations: String, set: String = "x") throws {
    try folder.write(
      #"{"images": [\#(images)], "categories": [{"id": 1, "name": "cat"}], "annotations": [\#(annotations)]}"#,
      "annotations/instances_\(set).json")
  }

  private func image(_ id: Int, _ name: String) -> String {
    #"{"id": \#(id), "file_name": "\#(name)", "width": 14, "height": 9}"#
  }

  @Test func runLengthsAsText() throws {
    // What pycocotools encodes from these runs: differences of both signs and numbers of more than one sign.
    let runs = [3, 40, 2, 1, 25, 7, 1, 1, 30, 4, 12]
    try instances(
      image(1, "a.jpg"),
      #"{"image_id": 1, "category_id": 1, "segmentation": {"size": [9, 14], "counts": "3X12iNg06XOJm03^O"}}"#)
    let mask = try #require(try Dataset.open(folder.path, options: options("x")).items[0].readMask())
    let columns = runs.enumerated().flatMap { [UInt8](repeating: UInt8($0.offset % 2), count: $0.element) }
    for x in 0..<14 { for y in 0..<9 { #expect(mask[x, y] == columns[x * 9 + y], "\(x), \(y)") } }
  }

  @Test func mistakesAreNamed() throws {
    func open(_ set: String? = "x") -> String {
      message { for item in try Dataset.open(folder.path, options: options(set)).items { _ = try item.readMask() } }
    }
    try instances(
      image(1, "a.jpg"), #"{"image_id": 1, "category_id": 1, "segmentation": [[0, 0, 3, 3]]}"#)
    #expect(open().contains("polygon has 4 numbers"))
    try instances(image(1, "a.jpg") + "," + image(2, "b/a.jpg"), "")
    #expect(open().contains("two photos alike"))
    try instances(image(1, "a.jpg"), "")
    #expect(open(nil) == "")
    try instances(image(1, "a.jpg"), "", set: "y")
    #expect(open(nil).contains("several sets (x, y)"))
  }
}

@Suite struct PanopticTests {
  private let folder: TemporaryFolder
  private static let image = #"{"id": 4, "file_name": "a.jpg", "width": 3, "height": 1}"#

  init() throws {
    folder = try TemporaryFolder()
    try FileAccess.makeFolder(folder.file("images"))
    try FileAccess.makeFolder(folder.file("annotations/panoptic_x"))
    // The segments 70,000 and 300, and none.
    let ids = try RGBImage(width: 3, height: 1, pixels: [0x70, 0x11, 1, 0x2C, 1, 0, 0, 0, 0])
    try PNGWriter.write(ids, to: folder.file("annotations/panoptic_x/a.png"))
  }

  private func open(
    images: String = Self.image, of image: Int = 4, segments: String
  ) throws -> Dataset {
    try folder.write(
      #"{"images": [\#(images)], "categories": [{"id": 9, "name": "sky"}, {"id": 2, "name": "cat"}], "#
        + #""annotations": [{"image_id": \#(image), "file_name": "a.png", "segments_info": [\#(segments)]}]}"#,
      "annotations/panoptic_x.json")
    return try Dataset.open(folder.path, options: options("x"))
  }

  private static let both = #"{"id": 70000, "category_id": 9}, {"id": 300, "category_id": 2}"#

  @Test func segmentsHaveTheirClasses() throws {
    let data = try open(segments: Self.both)
    #expect(data.classes.names == ["cat", "sky"] && data.items[0].imageLabels == [true, true])
    #expect(try data.items[0].readMask()?.labels == [2, 1, 255])
    // What is not among the chosen classes is background.
    try folder.write("sky\n", "classes.txt")
    let skies = try open(segments: Self.both)
    #expect(try skies.items[0].readMask()?.labels == [1, 0, 255] && skies.items[0].imageLabels == [true])
  }

  @Test func mistakesAreNamed() throws {
    let one = #"{"id": 70000, "category_id": 9}"#
    #expect(message { _ = try open(segments: one).items[0].readMask() }.contains("shows the segment 300"))
    #expect(
      message { _ = try open(segments: one + #", {"id": 1, "category_id": 7}"#) }.contains("names the category 7"))
    #expect(message { _ = try open(of: 5, segments: one) }.contains("segments for the image 5"))
    #expect(message { _ = try open(images: Self.image + "," + Self.image, segments: one) }.contains("one id"))
  }
}

@Suite struct LabelMeRuleTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try PNGWriter.write(RGBImage(width: 12, height: 8), to: folder.file("a.png"))
  }

  private func write(_ shapes: String, size: String = "") throws {
    try folder.write(#"{"shapes": [\#(shapes)]\#(size)}"#, "a.json")
  }

  private let leaf = #"{"label": "leaf", "points": [[0, 0], [12, 0], [12, 8], [0, 8]]}"#

  @Test func backgroundCoversAndLinesDoNot() throws {
    try write(
      leaf + #", {"label": "_background_", "points": [[0, 0], [6, 0], [6, 8], [0, 8]]}"#
        + #", {"label": "leaf", "points": [[1, 1], [5, 1], [5, 7]], "shape_type": "linestrip"}"#)
    let item = try Dataset.open(folder.path).items[0]
    // The size is that of the photo.
    let mask = try #require(try item.readMask())
    #expect(mask.width == 12 && mask.height == 8 && item.imageLabels == [true])
    for x in 0..<12 { for y in 0..<8 { #expect(mask[x, y] == (x < 6 ? 0 : 1)) } }
  }

  @Test func listsGoBeforeShapes() throws {
    try PNGWriter.write(RGBImage(width: 12, height: 8), to: folder.file("b.png"))
    try write(leaf)
    try FileManager.default.copyItem(atPath: folder.file("a.json"), toPath: folder.file("b.json"))
    try folder.write("image,stone,leaf\na,1,0\n", "labels.csv")
    try folder.write("b\n", "few.txt")
    let data = try Dataset.open(folder.path, options: options(nil) { $0.strong = "few" })
    #expect(data.classes.names == ["stone", "leaf"])
    #expect(data.items.map(\.imageLabels) == [[true, false], [false, true]])
    #expect(data.items.map { $0.maskPath != nil } == [false, true])
    #expect(try data.items[1].readMask()?.labels == [UInt8](repeating: 2, count: 96))
  }

  @Test func mistakesAreNamed() throws {
    try write(leaf)
    let item = try Dataset.open(folder.path).items[0]
    try write(leaf.replacingOccurrences(of: "leaf", with: "stone"))
    #expect(message { _ = try item.readMask() }.contains("the label 'stone', which is no class"))
    func refusal(_ shapes: String, size: String = "") throws -> String {
      try write(shapes, size: size)
      return message { _ = try Dataset.open(folder.path).items[0].readMask() }
    }
    #expect(try refusal(leaf, size: #", "imageWidth": 99999, "imageHeight": 3"#).contains("99999x3"))
    let mask = #"{"label": "leaf", "points": [[1e300, 0], [1, 1]], "shape_type": "mask", "mask": "AAAA"}"#
    #expect(try refusal(mask).contains("far outside"))
  }
}

@Suite struct ADE20KRuleTests {
  @Test func idsAreThoseOfTheFile() throws {
    let table = IDChange(ignored: [3], reduceZero: true).table
    #expect(table[0] == 255 && table[1] == 0 && table[2] == 1 && table[3] == 255 && table[4] == 3)
    // 255 is void already.
    #expect(table[254] == 253 && table[255] == 255)
    #expect(IDChange(ignored: [3]).table[2...4] == [2, 255, 4] && IDChange().isNone)
  }

  @Test func namesAndStrongLists() throws {
    let folder = try TemporaryFolder()
    for id in ["a", "b"] {
      for place in ["images", "annotations"] { try FileAccess.makeFolder(folder.file("\(place)/training")) }
      try PNGWriter.write(RGBImage(width: 2, height: 1), to: folder.file("images/training/\(id).png"))
      try PNGWriter.write(LabelMap(width: 2, height: 1), to: folder.file("annotations/training/\(id).png"))
    }
    let head = "Idx\tRatio\tTrain\tVal\tName\n"
    try folder.write(
      head + "1\t.1\t1\t1\tscreen, silver screen\n2\t.1\t1\t1\tscreen, CRT screen\n3\t.1\t1\t1\tscreen\n",
      "objectInfo150.txt")
    try folder.write("b\n", "few.txt")
    let data = try Dataset.open(folder.path, options: options("training") { $0.strong = "few" })
    #expect(data.classes.names == ["screen", "CRT screen", "class 3"] && data.strongItems.map(\.id) == ["b"])
    try folder.write("wall\n", "classes.txt")
    #expect(try Dataset.open(folder.path, options: options("training")).classes.names == ["wall"])
  }
}
