import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct DatasetToolTests {
  @Test func everyListedSetIsChecked() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    try PNGWriter.write(LabelMap(width: 12, height: 8, fill: 1), to: folder.file("SegmentationClass/e.png"))
    try folder.write("e\n", "ImageSets/Segmentation/val.txt")
    let report = try DatasetCheck.run(folder.path, options: Dataset.Options())
    #expect(report.items == 5 && report.sets.map(\.name) == ["strong", "train", "val"])
    #expect(report.sets.map(\.labelled) == [2, 4, 0])
    #expect(report.problems.map(\.kind) == [.missingImage, .missingLabels])
    #expect(report.problems[1].message.contains("1 images have no image-level labels (e)"))
    #expect(report.text.contains("2 problems") && report.text.contains("set val: 1 images, 0 with labels"))
    // Only the set that is named.
    #expect(try DatasetCheck.run(folder.path, options: Dataset.Options(set: "train")).problems.isEmpty)
    try folder.write("a\na\n", "ImageSets/Segmentation/twice.txt")
    let more = try DatasetCheck.run(folder.path, options: Dataset.Options())
    #expect(more.problems.first?.kind == .unusableSet && more.items == 5)
    #expect(message { _ = try DatasetCheck.run(folder.file("ImageSets"), options: Dataset.Options()) } != "")
  }

  @Test func notesInAPlainFolderAreNoSets() throws {
    let folder = try TemporaryFolder()
    try FileAccess.makeFolder(folder.file("images"))
    try PNGWriter.write(RGBImage(width: 4, height: 4), to: folder.file("images/a.png"))
    try folder.write("image,cat\na,1\n", "labels.csv")
    try folder.write("taken in summer\n", "notes.txt")
    let all = try DatasetCheck.run(folder.path, options: Dataset.Options())
    #expect(all.problems.isEmpty && all.sets.isEmpty && all.items == 1)
    try folder.write("a\n", "mine.txt")
    // Without train.txt all images are trained on, whatever other lists there are.
    try folder.write("not a photo", "images/b.png")
    let listed = try DatasetCheck.run(folder.path, options: Dataset.Options())
    #expect(listed.sets.map(\.name) == ["mine", "all images"] && listed.items == 2)
    #expect(listed.problems.contains { $0.item == "b" })
    try folder.write("a\n", "train.txt")
    let training = try DatasetCheck.run(folder.path, options: Dataset.Options())
    #expect(training.sets.map(\.name) == ["mine", "train"] && training.items == 1)
  }

  @Test func statistics() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    let statistics = try DatasetStatistics(Dataset.open(folder.path, set: "train", labelsFromMasks: true))
    #expect(statistics.imagesOfClass == [2, 2] && statistics.masksOfClass == [2, 2])
    #expect(statistics.together == [2, 1, 1, 2] && statistics.imagesByClassCount == [1, 2, 1])
    #expect(statistics.pixelsOfClass == [2, 2] && statistics.voidPixels == 4)
    #expect(statistics.backgroundPixels == 4 * 96 - 8)
    #expect(statistics.text.contains("4 images; by number of classes: 0: 1, 1: 2, 2: 1"))
    let chart = try statistics.histogram()
    let matrix = try statistics.cooccurrence()
    // Bars and the dark diagonal are drawn.
    #expect(chart.pixels.contains { $0 < 50 } && matrix.pixels.contains { $0 < 50 })
    #expect(try statistics.json().contains("\"images_of_class\""))
  }

  @Test func labelsOfListsGoBeforeThoseOfMasks() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    try folder.write("a -1\nb -1\nc -1\nd 1\n", "ImageSets/Main/cat_train.txt")
    let data = try Dataset.open(folder.path, set: "train")
    let statistics = try DatasetStatistics(data)
    #expect(statistics.imagesOfClass == [1, 1] && statistics.masksOfClass == [2, 2])
    let wrong = folder.file("SegmentationClass/d.png")
    try PNGWriter.write(LabelMap(width: 12, height: 8, fill: 3), to: wrong)
    #expect(message { _ = try DatasetStatistics(data) }.contains("d.png' holds the id 3, but there are only 2"))
  }

  @Test func anImageOfSeveralSetsKeepsWhatEachKnows() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    // The strong list is for train alone, which is looked at first: the mask of a is that of the other set.
    try folder.write("a\nb\n", "ImageSets/Segmentation/zeta.txt")
    let report = try DatasetCheck.run(folder.path, options: Dataset.Options(strong: "strong"))
    #expect(report.problems.isEmpty && report.sets.map(\.name) == ["strong", "train", "zeta"])
    #expect(report.masks == 3)
  }

  @Test func convertedSetsReadAsTheyWere() throws {
    let folder = try TemporaryFolder()
    let source = try Dataset.open(Fixtures.path("datasets/coco"), options: Dataset.Options(set: "small"))
    try VOCWriter.write(source, set: "train", to: folder.path)
    let tree = try Dataset.open(folder.path, set: "train")
    #expect(tree.classes == source.classes && tree.items.map(\.id) == source.items.map(\.id))
    for (a, b) in zip(tree.items, source.items) {
      #expect(a.imageLabels == b.imageLabels)
      let (first, second) = (try a.read(), try b.read())
      #expect(first.image == second.image && first.mask == second.mask)
    }
    #expect(try DatasetCheck.run(folder.path, options: Dataset.Options()).problems.isEmpty)
    try makeVOC(in: folder)
    let difficult = try Dataset.open(folder.path, set: "train")
    try VOCWriter.write(difficult, set: "train", to: folder.file("again"))
    let again = try Dataset.open(folder.file("again"), set: "train")
    #expect(again.items[2].difficult == [false, true] && again.items[2].imageLabels == [true, false])
    let other = try Dataset.open(Fixtures.path("datasets/labelme"))
    #expect(message { try VOCWriter.write(other, set: "val", to: folder.path) }.contains("other classes"))
    #expect(message { try VOCWriter.write(source, set: "../x", to: folder.path) }.contains("name of a set"))
  }

  @Test func predictionsInAFolder() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    let data = try Dataset.open(folder.path, set: "train")
    try FileAccess.makeFolder(folder.file("results"))
    var matrix = try ConfusionMatrix(classCount: 3)
    for (number, item) in data.items.enumerated() {
      let truth = try #require(try item.readMask())
      var guess = LabelMap(width: 12, height: 8)
      guess[2, 3] = UInt8(number % 3)
      try PNGWriter.write(guess, to: folder.file("results/\(item.id).png"))
      try matrix.accumulate(truth: truth, prediction: guess)
    }
    let scores = try LabelMapFolder.evaluate(folder.file("results"), against: data)
    #expect(scores == (try SegmentationScores(matrix, classes: data.classes)))
    #expect(scores.meanIntersectionOverUnion > 0.3 && scores.meanIntersectionOverUnion < 1)
    try FileManager.default.removeItem(atPath: folder.file("results/c.png"))
    #expect(
      message { _ = try LabelMapFolder.evaluate(folder.file("results"), against: data) }.contains("'c' is missing"))
  }
}
