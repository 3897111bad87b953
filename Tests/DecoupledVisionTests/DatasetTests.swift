import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct VOCDatasetTests {
  @Test func labelsComeFromTheListsAndMasksFromTheStrongList() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    let all = try Dataset.open(folder.path, set: "train")
    #expect(all.classes.names == ["cat", "dog"])
    #expect(all.items.map(\.id) == ["a", "b", "c", "d"])
    #expect(all.items.map(\.imageLabels) == [[true, false], [false, true], [true, false], [false, false]])
    // The mask of c shows a dog, which its list calls difficult: the list wins.
    #expect(all.items[2].difficult == [false, true])
    #expect(all.strongItems.count == 4)
    let strong = try Dataset.open(folder.path, set: "train", strong: "strong")
    #expect(strong.strongItems.map(\.id) == ["b", "c"])
    #expect(strong.items[0].imageLabels == [true, false])
    let byPath = try Dataset.open(folder.path, set: "train", strong: folder.file("ImageSets/Segmentation/strong.txt"))
    #expect(byPath == strong)
    let derived = try Dataset.open(folder.path, set: "train", strong: "strong", labelsFromMasks: true)
    #expect(derived.items.map(\.imageLabels) == [nil, [false, true], [true, true], nil])
    let (image, mask) = try strong.items[2].read()
    #expect(image.width == 12 && mask?[3, 3] == 2 && mask?[11, 7] == 255)
  }

  @Test func devkitFoldersAndDefaultClasses() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", "VOCdevkit/VOC2012/JPEGImages/p.jpg")
    try folder.write("p\n", "VOCdevkit/VOC2012/ImageSets/Segmentation/train_aug.txt")
    let data = try Dataset.open(folder.path, set: "train_aug")
    #expect(data.classes == .voc && data.classes.id(of: "tvmonitor") == 20)
    #expect(data.items[0].imageLabels == nil && data.items[0].maskPath == nil)
  }

  @Test func listsOfPathsAndLabelsOfOtherSets() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    try folder.write("/JPEGImages/a.jpg /SegmentationClass/a.png\n", "ImageSets/Segmentation/aug.txt")
    let data = try Dataset.open(folder.path, set: "aug")
    #expect(data.items[0].id == "a" && data.items[0].maskPath != nil)
    #expect(data.items[0].imageLabels == [true, false])
    // A set that exists in the class lists only.
    try folder.write("d -1\n", "ImageSets/Main/cat_tail.txt")
    try folder.write("d 1\n", "ImageSets/Main/dog_tail.txt")
    #expect(try Dataset.open(folder.path, set: "tail").items.map(\.imageLabels) == [[false, true]])
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    func open(_ set: String = "train", strong: String? = nil) -> String {
      message { _ = try Dataset.open(folder.path, set: set, strong: strong) }
    }
    #expect(open("nowhere").contains("'nowhere' is empty or missing"))
    #expect(open("../train").contains("not the name of a set"))
    #expect(open(strong: "weak").contains("no strong list 'weak'"))
    try folder.write("z\n", "ImageSets/Segmentation/other.txt")
    #expect(open(strong: "other").contains("names 'z', which is not in the set"))
    try folder.write("\n\n", "ImageSets/Segmentation/void.txt")
    #expect(open("void").contains("empty"))
    #expect(open(strong: "void").contains("is empty"))
    try folder.write("a\na\n", "ImageSets/Segmentation/twice.txt")
    #expect(open("twice").contains("lists 'a' twice"))
    try folder.write("a 7\n", "ImageSets/Main/cat_train.txt")
    #expect(open().contains("'a 7'"))
    try folder.write("a 1\na 1\n", "ImageSets/Main/cat_train.txt")
    #expect(open().contains("cat_train.txt' lists 'a' twice"))
    try folder.write("a 1\nb 1\nc 1\nd 1\ne 1\n", "ImageSets/Main/cat_train.txt")
    #expect(open().contains("dog_train.txt' has no line for 'e'"))
    try folder.write("a 1\n", "ImageSets/Main/cat_train.txt")
    #expect(open().contains("cat_train.txt' does not list it"))
    try FileManager.default.removeItem(atPath: folder.file("ImageSets/Main/cat_train.txt"))
    #expect(open().contains("labels of class 'cat' are missing"))
    try folder.write("cat\ncat\n", "classes.txt")
    #expect(open().contains("names the class 'cat' twice"))
    try folder.write("\n", "classes.txt")
    #expect(open().contains("has 0 classes"))
    try FileAccess.write([0xFF, 0xFE, 0x41], to: folder.file("classes.txt"))
    #expect(open().contains("is not UTF-8 text"))
    try FileAccess.write([0x41, 0, 0x42], to: folder.file("classes.txt"))
    #expect(open().contains("is not UTF-8 text"))
    #expect(message { _ = try Dataset.open(folder.file("ImageSets")) }.contains("is no data set"))
    #expect(message { _ = try Dataset.open(folder.file("none")) }.contains("no data set folder"))
  }

  @Test func strongMasksMustExist() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    try FileManager.default.removeItem(atPath: folder.file("SegmentationClass/b.png"))
    #expect(try Dataset.open(folder.path, set: "train").items[1].maskPath == nil)
    #expect(message { _ = try Dataset.open(folder.path, set: "train", strong: "strong") }.contains("b.png' is missing"))
  }

  @Test func turnedPhotosNeedTurnedMasks() throws {
    let folder = try TemporaryFolder()
    let photo = Fixtures.path("orientation6.jpg")
    try PNGWriter.write(LabelMap(width: 16, height: 8), to: folder.file("stored.png"))
    try PNGWriter.write(LabelMap(width: 8, height: 16), to: folder.file("upright.png"))
    try PNGWriter.write(LabelMap(width: 9, height: 16), to: folder.file("other.png"))
    let sentence = message {
      _ = try DatasetItem(id: "x", imagePath: photo, maskPath: folder.file("stored.png")).read()
    }
    #expect(sentence.contains("orientation6.jpg") && sentence.contains("stored.png") && sentence.contains("turned"))
    let pair = try DatasetItem(id: "x", imagePath: photo, maskPath: folder.file("upright.png")).read()
    #expect(pair.image.width == 8 && pair.mask?.width == 8)
    #expect(
      message { _ = try DatasetItem(id: "x", imagePath: photo, maskPath: folder.file("other.png")).read() }
        .contains("9x16"))
  }
}

@Suite struct FolderDatasetTests {
  private func folder(csv: String?, classes: String? = "cat\ndog\n") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["images/a.jpg", "images/b.JPEG", "images/c.png", "images/notes.txt", "masks/a.png"] {
      try folder.write("x", name)
    }
    if let csv { try folder.write(csv, "labels.csv") }
    if let classes { try folder.write(classes, "classes.txt") }
    return folder
  }

  @Test func bothFormsOfTheTable() throws {
    let named = try folder(csv: "image,labels\r\na.jpg,cat;dog\r\nb,\"dog\"\r\nc.png,\r\n")
    let data = try Dataset.open(named.path)
    #expect(data.items.map(\.id) == ["a", "b", "c"])
    #expect(data.items.map(\.imageLabels) == [[true, true], [false, true], [false, false]])
    #expect(data.items.map { $0.maskPath != nil } == [true, false, false])
    let columns = try folder(csv: "image,dog,cat\na,1,0\nb,0,1\n", classes: nil)
    let other = try Dataset.open(columns.path)
    #expect(other.classes.names == ["dog", "cat"])
    #expect(other.items.map(\.imageLabels) == [[true, false], [false, true], nil])
    let reordered = try folder(csv: "image,dog,cat\na,1,-1\n")
    #expect(try Dataset.open(reordered.path).items[0].imageLabels == [false, true])
    let quoted = try folder(csv: "image,labels\n\"d, e.jpg\",cat\n\"f\"\"g.jpg\",dog\n")
    for name in ["images/d, e.jpg", "images/f\"g.jpg"] { try quoted.write("x", name) }
    let labels = try Dataset.open(quoted.path).items.filter { $0.imageLabels != nil }
    #expect(labels.map(\.id) == ["d, e", "f\"g"] && labels.map(\.imageLabels) == [[true, false], [false, true]])
    let bare = try folder(csv: nil)
    #expect(try Dataset.open(bare.path).labelledItems.isEmpty)
  }

  @Test func setsAndStrongLists() throws {
    let folder = try folder(csv: "image,labels\na,cat\n")
    try folder.write("b\na.jpg\n", "train.txt")
    try folder.write("a\n", "strong.txt")
    #expect(try Dataset.open(folder.path, set: "train", strong: "strong").items.map(\.id) == ["b", "a"])
    #expect(message { _ = try Dataset.open(folder.path, set: "val") }.contains("no set 'val'"))
    try folder.write("b\n", "strong.txt")
    #expect(message { _ = try Dataset.open(folder.path, set: "train", strong: "strong") }.contains("masks/b.png"))
    try folder.write("q\n", "train.txt")
    #expect(message { _ = try Dataset.open(folder.path, set: "train") }.contains("names 'q'"))
  }

  @Test(arguments: [
    ("", "must begin with"), ("name,labels\na,cat\n", "must begin with"),
    ("image,labels\na,bird\n", "Line 2 of"), ("image,labels\na,cat,dog\n", "has 3 cells"),
    ("image,labels\na,cat\na.jpg,dog\n", "second time"), ("image,labels\nz,cat\n", "names the image 'z'"),
    ("image,labels\na,\"cat\n", "not closed"), ("image,cat\na,1\n", "are not the classes"),
    ("image,cat,dog\na,1,2\n", "'2' for 'dog'"),
  ])
  func malformedTables(_ csv: String, _ wanted: String) throws {
    let folder = try folder(csv: csv)
    #expect(message { _ = try Dataset.open(folder.path) }.contains(wanted))
  }

  @Test func otherMistakes() throws {
    let noClasses = try folder(csv: "image,labels\na,cat\n", classes: nil)
    #expect(message { _ = try Dataset.open(noClasses.path) }.contains("classes.txt' is missing"))
    let twice = try folder(csv: nil)
    try twice.write("x", "images/a.png")
    #expect(message { _ = try Dataset.open(twice.path) }.contains("two photos named 'a'"))
    let stray = try folder(csv: nil)
    try stray.write("x", "masks/q.png")
    #expect(message { _ = try Dataset.open(stray.path) }.contains("belongs to no photo"))
    let empty = try TemporaryFolder()
    try FileAccess.makeFolder(empty.file("images"))
    #expect(message { _ = try Dataset.open(empty.path) }.contains("has no .jpg"))
  }
}

@Suite struct DatasetCheckTests {
  @Test func countsAndProblems() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    let clean = try DatasetCheck.run(Dataset.open(folder.path, set: "train"))
    #expect(clean.problems.isEmpty)
    #expect(clean.classes.map(\.images) == [2, 1] && clean.classes.map(\.masks) == [2, 2])
    #expect(clean.classes.map(\.pixels) == [2, 2] && clean.voidPixels == 4 && clean.backgroundPixels == 4 * 96 - 8)
    #expect(clean.withoutObjects == 1 && clean.width.median == 12 && clean.height.maximum == 8)

    try FileManager.default.removeItem(atPath: folder.file("JPEGImages/a.jpg"))
    try folder.write("no photo", "JPEGImages/b.jpg")
    var map = LabelMap(width: 8, height: 12)
    map[0, 0] = 9
    map[1, 0] = 2
    try PNGWriter.write(map, to: folder.file("SegmentationClass/d.png"))
    try folder.write("no mask", "SegmentationClass/c.png")
    let report = try DatasetCheck.run(Dataset.open(folder.path, set: "train"))
    #expect(
      report.problems.map(\.kind) == [
        .missingImage, .unreadableImage, .unreadableMask, .sizeMismatch, .unknownValue, .labelMismatch,
      ])
    #expect(report.text.contains("6 problems") && report.text.contains("d.png' holds 9"))
    let copy = try JSONDecoder().decode(DatasetReport.self, from: JSONEncoder().encode(report))
    #expect(copy == report)
    #expect(message { _ = try DatasetCheck.run(Dataset.open(folder.path, set: "train")) { done, _ in done < 2 } } != "")
  }

  static let realData = Fixtures.folder + "/../../../../shared/data/msrc"

  @Test(.enabled(if: FileAccess.isFolder(realData), "needs the photos in ../shared/data/msrc"))
  func realPhotos() throws {
    let train = try Dataset.open(Self.realData, set: "train", strong: "strong_5")
    let report = try DatasetCheck.run(train)
    #expect(train.classes.count == 14 && report.items == 315 && report.labelled == 315 && report.masks == 70)
    #expect(report.withoutObjects == 53 && report.problems.isEmpty)
    #expect(try Dataset.open(Self.realData, set: "val").strongItems.count == 138)
  }
}
