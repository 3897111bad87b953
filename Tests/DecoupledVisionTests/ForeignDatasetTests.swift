import DecoupledBase
import DecoupledVision
import Foundation
import Testing

/// Data sets in `Fixtures/datasets`, made by `make_datasets.py` with pycocotools and SciPy.
private func path(_ name: String) -> String { Fixtures.path("datasets/" + name) }

private func options(_ set: String?, _ change: (inout Dataset.Options) -> Void = { _ in }) -> Dataset.Options {
  var options = Dataset.Options(set: set)
  change(&options)
  return options
}

@Suite struct COCOTests {
  @Test(arguments: ["later", "void", "object"])
  func masksAreThoseOfTheTool(_ choice: String) throws {
    let data = try Dataset.open(
      path("coco"),
      options: options("small") {
        if choice == "void" { $0.coco.overlap = .void }
        if choice == "object" { $0.coco.crowd = .object }
      })
    #expect(data.classes.names == ["cat", "bird", "dog"])
    #expect(data.items.map(\.id) == ["0000", "0001", "0002", "0003", "0004", "empty"])
    var seen: Set<UInt8> = []
    for item in data.items {
      let (image, mask) = try item.read()
      let expected = try MaskReader.read(path("coco/expected/\(item.id)-\(choice).png"))
      #expect(mask == expected && mask?.width == image.width)
      seen.formUnion(expected.labels)
      let labels = try #require(item.imageLabels)
      #expect(expected.objectLabels().allSatisfy { labels[Int($0) - 1] })
    }
    #expect(seen.isSuperset(of: [0, 1, 2, 3]) && seen.contains(255) == (choice != "object"))
    #expect(data.items[5].imageLabels == [false, false, false])
  }

  @Test func polygonsArePixelForPixelThoseOfTheTool() throws {
    let data = try Dataset.open(path("polygons"), options: options(nil))
    let expected = try MaskReader.read(path("polygons/expected.png"))
    #expect(data.items.count == 250)
    for (number, item) in data.items.enumerated() {
      let mask = try #require(try item.readMask())
      let size = mask.labels.count
      #expect(mask.labels == Array(expected.labels[(number * size)..<((number + 1) * size)]), "polygon \(number)")
    }
  }

  @Test func classesChooseCategories() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: path("coco"), toPath: folder.file("coco"))
    try folder.write("dog\n", "coco/classes.txt")
    try folder.write("0001\n", "coco/few.txt")
    let all = try Dataset.open(path("coco"), options: options("small") { $0.coco.overlap = .later })
    let dogs = try Dataset.open(folder.file("coco"), options: options("small") { $0.strong = "few" })
    #expect(dogs.classes.names == ["dog"] && dogs.strongItems.map(\.id) == ["0001"])
    #expect(dogs.items.map { $0.imageLabels?[0] } == all.items.map { $0.imageLabels?[2] })
    try folder.write("wolf\n", "coco/classes.txt")
    #expect(message { _ = try Dataset.open(folder.file("coco"), options: options("small")) }.contains("'wolf'"))
  }

  @Test func panopticSegments() throws {
    let data = try Dataset.open(path("panoptic"), options: options("tiny"))
    #expect(data.classes.names == ["person", "tree-merged", "rug-merged"] && data.items.count == 2)
    for item in data.items {
      let expected = try MaskReader.read(path("panoptic/expected/\(item.id).png"))
      #expect(try item.readMask() == expected)
    }
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    try FileAccess.makeFolder(folder.file("images"))
    func open(_ text: String) throws -> String {
      try folder.write(text, "annotations/instances_x.json")
      return message {
        for item in try Dataset.open(folder.path, options: options("x")).items { _ = try item.readMask() }
      }
    }
    let image = #"{"id": 1, "file_name": "a.jpg", "width": 4, "height": 3}"#
    func file(_ segmentation: String, image: String = image, category: Int = 1, of: Int = 1) -> String {
      #"{"images": [\#(image)], "categories": [{"id": 1, "name": "cat"}], "annotations": [{"image_id": \#(of), "#
        + #""category_id": \#(category), "segmentation": \#(segmentation)}]}"#
    }
    #expect(try open(file("[[0, 0, 3, 0, 3, 3]]")) == "")
    #expect(try open("").contains("damaged or no JSON object"))
    #expect(try open("{\"images\": [").contains("damaged or no JSON object"))
    #expect(try open("[]").contains("damaged or no JSON object"))
    #expect(try open("{}").contains("has no list 'categories'"))
    #expect(try open(file("[[0, 0, 3, 0, 3, 3]]", category: 2)).contains("category 2"))
    #expect(try open(file("[[0, 0, 3, 0, 3, 3]]", of: 7)).contains("image 7"))
    #expect(try open(file("[[0, 0, 3]]")).contains("polygon has 3 numbers"))
    #expect(try open(file("[[0, 0, 1e300, 0, 3, 3]]")).contains("far outside"))
    #expect(try open(file(#"{"size": [3, 4], "counts": [5, 3]}"#)).contains("cover 8 of the 12 pixels"))
    #expect(try open(file(#"{"size": [3, 4], "counts": [5, -3, 10]}"#)).contains("do not fit"))
    #expect(try open(file(#"{"size": [3, 4], "counts": [5, 9223372036854775807]}"#)).contains("do not fit"))
    #expect(try open(file(#"{"size": [4, 3], "counts": [12]}"#)).contains("another size"))
    #expect(try open(file(#"{"size": [3, 4], "counts": "o"}"#)).contains("cut short"))
    #expect(try open(file(#"{"size": [3, 4], "counts": "ooooooooooooo"}"#)).contains("damaged"))
    #expect(try open(file("7")).contains("cannot be used"))
    #expect(try open(file("[]", image: image.replacingOccurrences(of: "4", with: "99999"))).contains("99999x3"))
    #expect(try open(file("[]", image: image.replacingOccurrences(of: "a.jpg", with: "../a"))).contains("inside"))
    #expect(try open(file("[]", image: image + "," + image)).contains("two images with the id 1"))
  }
}

@Suite struct SBDTests {
  @Test func masksAreThoseOfSciPy() throws {
    let data = try Dataset.open(path("sbd"), options: options(nil))
    #expect(data.items.map(\.id) == ["2008_000001", "2008_000002"] && data.classes == .voc)
    for set in ["train", "val"] {
      for item in try Dataset.open(path("sbd"), options: options(set)).items {
        let expected = try MaskReader.read(path("sbd/expected/\(item.id).png"))
        let (image, mask) = try item.read()
        #expect(mask == expected && image.width == expected.width)
      }
    }
  }

  @Test func trainAugIsComposedFromBoth() throws {
    let folder = try TemporaryFolder()
    let own = try MaskReader.read(path("sbd/expected/2008_000001.png"))
    for id in ["2007_000001", "2008_000001", "2008_000002", "2009_000003"] {
      try FileAccess.makeFolder(folder.file("JPEGImages"))
      try JPEGWriter.write(
        RGBImage(width: own.width, height: own.height), to: folder.file("JPEGImages/\(id).jpg"))
    }
    try FileAccess.makeFolder(folder.file("SegmentationClass"))
    let marked = LabelMap(width: own.width, height: own.height, fill: 7)
    try PNGWriter.write(marked, to: folder.file("SegmentationClass/2007_000001.png"))
    try PNGWriter.write(marked, to: folder.file("SegmentationClass/2009_000003.png"))
    try folder.write("2007_000001\n", "ImageSets/Segmentation/train.txt")
    try folder.write("2009_000003\n", "ImageSets/Segmentation/val.txt")
    for name in ClassList.voc.names {
      try folder.write("2008_000001 1\n2008_000002 -1\n", "ImageSets/Main/\(name)_trainval.txt")
    }
    func open(_ set: String) throws -> Dataset {
      try Dataset.open(folder.path, options: options(set) { $0.extraMasks = path("sbd") })
    }
    let train = try open("train_aug")
    // 2009_000003 is in SBD too, but it is one of VOC's validation images.
    #expect(train.items.map(\.id) == ["2007_000001", "2008_000001", "2008_000002"])
    #expect(try train.items[0].readMask() == marked && train.items[1].readMask() == own)
    #expect(train.items[1].imageLabels == [Bool](repeating: true, count: 20))
    let all = try open("trainval_aug")
    #expect(all.items.map(\.id).last == "2009_000003" && all.items.count == 4)
    // VOC's own mask goes before SBD's.
    #expect(try all.items[3].readMask() == marked)
    #expect(
      message { _ = try Dataset.open(path("sbd"), options: options("train") { $0.extraMasks = path("sbd") }) }
        .contains("Extra masks"))
  }

  @Test func damagedFilesAreErrors() throws {
    let folder = try TemporaryFolder()
    let bytes = try FileAccess.read(path("sbd/cls/2008_000001.mat"))
    func read(_ bytes: [UInt8]) throws -> String {
      try FileAccess.makeFolder(folder.file("cls"))
      try FileAccess.write(bytes, to: folder.file("cls/x.mat"))
      try folder.write("x\n", "train.txt")
      return message { _ = try Dataset.open(folder.path, options: options("train")).items[0].readMask() }
    }
    #expect(try read(bytes) == "")
    #expect(try read([]).contains("no MATLAB 5 file"))
    #expect(try read(Array("hello".utf8)).contains("no MATLAB 5 file"))
    for length in stride(from: 128, to: bytes.count - 8, by: 37) {
      #expect(try read(Array(bytes[..<length])).contains("x.mat"), "no error after \(length) bytes")
    }
    let other = try read(Array(bytes[..<136]) + [UInt8](repeating: 0, count: 64))
    #expect(other.contains("x.mat"))
  }
}

@Suite struct ADE20KTests {
  @Test func zeroReduction() throws {
    let data = try Dataset.open(path("ade20k"), options: options(nil) { $0.ids.reduceZero = true })
    // Class 1, wall, has become background.
    #expect(data.classes.names == ["building", "sky"] && data.items.count == 2)
    for item in data.items {
      let expected = try MaskReader.read(path("ade20k/expected/\(item.id).png"))
      #expect(try item.readMask() == expected)
    }
    let report = try DatasetCheck.run(path("ade20k"), options: options(nil) { $0.ids.reduceZero = true })
    #expect(report.problems.map(\.kind) == [.missingLabels] && report.sets.map(\.name) == ["training"])
  }

  @Test func ignoredIds() throws {
    let plain = try Dataset.open(path("ade20k"), options: options("training"))
    let data = try Dataset.open(path("ade20k"), options: options("training") { $0.ids.ignored = [0, 3] })
    #expect(data.classes.names == ["wall", "building", "sky"])
    for (item, raw) in zip(data.items, plain.items) {
      let before = try #require(try raw.readMask()).labels
      let after = try #require(try item.readMask()).labels
      #expect(after == before.map { $0 == 0 || $0 == 3 ? 255 : $0 })
    }
    #expect(
      message { _ = try Dataset.open(path("coco"), options: options("small") { $0.ids.reduceZero = true }) }
        .contains("Ids can be changed in PNG masks"))
  }
}

@Suite struct LabelMeTests {
  @Test func shapesBecomeAMask() throws {
    let data = try Dataset.open(path("labelme"))
    #expect(data.classes.names == ["leaf", "stone"] && data.items.map(\.id) == ["one", "two"])
    #expect(data.items[0].imageLabels == [true, true] && data.items[1].imageLabels == nil)
    #expect(data.items[1].maskPath == nil)
    let (_, mask) = try data.items[0].read()
    let expected = try MaskReader.read(path("labelme/expected/one.png"))
    #expect(mask == expected)
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    try PNGWriter.write(RGBImage(width: 8, height: 8), to: folder.file("a.png"))
    func open(_ shape: String) throws -> String {
      try folder.write(#"{"shapes": [\#(shape)], "imageWidth": null}"#, "a.json")
      return message { _ = try Dataset.open(folder.path).items[0].read() }
    }
    try folder.write("leaf\n", "classes.txt")
    #expect(try open(#"{"label": "leaf", "points": [[0, 0], [4, 0], [4, 4]]}"#) == "")
    #expect(try open(#"{"label": "tree", "points": [[0, 0], [4, 0], [4, 4]]}"#).contains("no class 'tree'"))
    #expect(try open(#"{"label": "leaf", "points": [[0, 0], [4]]}"#).contains("two numbers"))
    #expect(try open(#"{"label": "leaf", "points": [[0, 0]], "shape_type": "circle"}"#).contains("2 points"))
    #expect(try open(#"{"label": "leaf", "points": [], "shape_type": "star"}"#).contains("no shape 'star'"))
    #expect(
      try open(#"{"label": "leaf", "points": [[0, 0], [1, 1]], "shape_type": "mask", "mask": "%%"}"#)
        .contains("no PNG in base 64"))
    #expect(try open("{}").contains("'shapes.Index 0.label' is missing"))
  }
}
