import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct ComposerTests {
  /// Two classes of one-coloured discs (red, blue), six of each, and four grey backgrounds.
  private func material() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, colour) in [("red", [250, 20, 20]), ("blue", [20, 20, 250])] as [(String, [UInt8])] {
      try FileAccess.makeFolder(folder.file("objects/\(name)"))
      for number in 0..<6 {
        let size = 30 + 4 * number
        var pixels: [UInt8] = []
        for y in 0..<size {
          for x in 0..<size {
            let (dx, dy) = (2 * x - size + 1, 2 * y - size + 1)
            pixels += colour + [dx * dx + dy * dy <= size * size ? 255 : 0]
          }
        }
        try PNGWriter.write(
          RGBAImage(width: size, height: size, pixels: pixels), to: folder.file("objects/\(name)/object\(number).png"))
      }
    }
    try FileAccess.makeFolder(folder.file("backgrounds"))
    for number in 0..<4 {
      let grey = UInt8(110 + 10 * number)
      try JPEGWriter.write(
        RGBImage(width: 200, height: 150, fill: (grey, grey, grey)), to: folder.file("backgrounds/b\(number).jpg"))
    }
    return folder
  }

  private func composer(_ folder: TemporaryFolder, seed: UInt64 = 1) throws -> DatasetComposer {
    var settings = DatasetComposer.Settings()
    (settings.trainCount, settings.testCount, settings.width, settings.height) = (24, 6, 96, 64)
    settings.seed = seed
    settings.strongPerClass = [2, 5]
    return try DatasetComposer.fromFolders(
      cutOuts: [("red", folder.file("objects/red")), ("blue", folder.file("objects/blue"))],
      backgrounds: [folder.file("backgrounds")], settings: settings)
  }

  @Test func masksMatchThePhotosAndTheLists() throws {
    let folder = try material()
    var steps: [Int] = []
    try composer(folder).compose(into: folder.file("data")) { done, _ in
      steps.append(done)
      return true
    }
    #expect(steps == Array(1...30))
    let train = try Dataset.open(folder.file("data"), set: "train", strong: "strong_2")
    let test = try Dataset.open(folder.file("data"), set: "val")
    #expect(train.items.count == 24 && test.items.count == 6 && train.classes.names == ["red", "blue"])
    #expect(try DatasetCheck.run(train).problems.isEmpty && DatasetCheck.run(test).problems.isEmpty)
    for c in 0..<2 { #expect(try train.labelledFromMasks().items.count { $0.imageLabels?[c] == true } >= 2) }
    #expect(train.strongItems.count <= 4)
    for item in test.items {
      let (image, mask) = try item.read()
      let labels = try #require(mask)
      for y in 0..<image.height {
        for x in 0..<image.width {
          let colour = image[x, y]
          let excess = Int(colour.red) - Int(colour.blue)
          switch labels[x, y] {
          case 1: #expect(excess > 60)
          case 2: #expect(excess < -60)
          case 0: #expect(abs(excess) < 60)
          default: #expect(labels[x, y] == 255)
          }
        }
      }
      #expect(labels.objectLabels() == [1, 2].filter { item.imageLabels?[Int($0) - 1] == true })
      #expect(item.imageLabels?.contains(true) == true)
    }
  }

  @Test func seedDecides() throws {
    let folder = try material()
    for (name, seed) in [("one", 1), ("same", 1), ("other", 2)] as [(String, UInt64)] {
      try composer(folder, seed: seed).compose(into: folder.file(name))
    }
    let files = [
      "JPEGImages/train_00007.jpg", "SegmentationClass/val_00003.png", "ImageSets/Segmentation/strong_5.txt",
    ]
    for file in files {
      #expect(try FileAccess.read(folder.file("one/" + file)) == FileAccess.read(folder.file("same/" + file)))
      #expect(try FileAccess.read(folder.file("one/" + file)) != FileAccess.read(folder.file("other/" + file)))
    }
  }

  @Test func sidesShareNothing() throws {
    let composer = try composer(material())
    for group in composer.classes {
      #expect(group.train.count == 4 && group.test.count == 2 && Set(group.train).isDisjoint(with: group.test))
    }
    #expect(Set(composer.trainBackgrounds).isDisjoint(with: composer.testBackgrounds))
    let both = DatasetComposer.ObjectClass(name: "x", train: ["a.png"], test: ["a.png"])
    #expect(
      message { _ = try DatasetComposer(classes: [both], trainBackgrounds: ["b"], testBackgrounds: ["c"]) }
        .contains("'a.png' is in training and test"))
    #expect(message { _ = try DatasetComposer(classes: [], trainBackgrounds: ["b"], testBackgrounds: ["c"]) } != "")
  }

  @Test func viewsOfOneObjectStayTogether() throws {
    let folder = try material()
    for number in 0..<6 {
      let file = folder.file("objects/red/object\(number)")
      try FileManager.default.copyItem(atPath: file + ".png", toPath: file + "_mirror.png")
    }
    let group = try composer(folder).classes[0]
    #expect(group.train.count == 8 && group.test.count == 4)
    let objects = { (paths: [String]) in Set(paths.map { $0.replacingOccurrences(of: "_mirror", with: "") }) }
    #expect(objects(group.train).isDisjoint(with: objects(group.test)))
    try FileManager.default.copyItem(
      atPath: folder.file("backgrounds/b0.jpg"), toPath: folder.file("backgrounds/b0_1920x1080.jpg"))
    let sides = try composer(folder)
    let sizes = sides.testBackgrounds.filter { $0.contains("/b0") }.count
    #expect(sizes == 0 || sizes == 2)
  }

  @Test func stoppingAndMistakes() throws {
    let folder = try material()
    #expect(
      message { try composer(folder).compose(into: folder.file("stopped")) { done, _ in done < 3 } }.contains(
        "after 3 of 30"))
    #expect(message { try composer(folder).compose(into: folder.path) }.contains("is not empty"))
    try PNGWriter.write(
      RGBAImage(width: 2, height: 2, pixels: [UInt8](repeating: 0, count: 16)), to: folder.file("clear.png"))
    let clear = folder.file("clear.png")
    let group = DatasetComposer.ObjectClass(name: "x", train: [clear], test: [folder.file("objects/red/object1.png")])
    let mistaken = try DatasetComposer(
      classes: [group], trainBackgrounds: [folder.file("backgrounds/b0.jpg")],
      testBackgrounds: [folder.file("backgrounds/b1.jpg")])
    #expect(message { try mistaken.compose(into: folder.file("clear")) }.contains("transparent everywhere"))
  }
}

@Suite struct DatasetSplitTests {
  @Test func strongImages() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    let data = try Dataset.open(folder.path, set: "train")
    let ids = try DatasetSplit.strong(data, perClass: 2, seed: 1)
    #expect(ids == ["a", "b", "c"])
    let one = try (0..<10).map { try DatasetSplit.strong(data, perClass: 1, seed: $0) }
    #expect(one.allSatisfy { $0 == ["c"] || $0.count == 2 } && Set(one).count > 1)
    #expect(one[3] == (try DatasetSplit.strong(data, perClass: 1, seed: 3)))
    let none = Dataset(classes: data.classes, items: [DatasetItem(id: "x", imagePath: "x.jpg")])
    #expect(message { _ = try DatasetSplit.strong(none, perClass: 1, seed: 1) }.contains("has a mask"))
    #expect(message { _ = try DatasetSplit.strong(data, perClass: 0, seed: 1) } != "")
  }

  @Test func scarceClassesChooseFirst() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    // Ten images of the first class alone, one with both: choosing it first fills both.
    var items: [DatasetItem] = []
    for number in 0..<11 {
      var map = LabelMap(width: 12, height: 8, fill: 1)
      if number == 5 { map[0, 0] = 2 }
      try PNGWriter.write(map, to: folder.file("\(number).png"))
      items.append(
        DatasetItem(id: "\(number)", imagePath: folder.file("JPEGImages/a.jpg"), maskPath: folder.file("\(number).png"))
      )
    }
    let classes = try ClassList(["cat", "dog"])
    for seed in UInt64(0)..<8 {
      #expect(try DatasetSplit.strong(Dataset(classes: classes, items: items), perClass: 1, seed: seed) == ["5"])
    }
    items.remove(at: 5)
    #expect(
      message { _ = try DatasetSplit.strong(Dataset(classes: classes, items: items), perClass: 1, seed: 1) }
        .contains("No mask of the set shows the class 'dog'"))
  }

  @Test func hashedNamesDoNotMove() {
    let names = (0..<1000).map { "object\($0)" }
    let few = DatasetSplit.byHash(Array(names.prefix(100)), share: 0.3, seed: 2)
    let all = DatasetSplit.byHash(names, share: 0.3, seed: 2)
    #expect(few.first == all.first.filter { names.prefix(100).contains($0) })
    #expect((250...350).contains(all.first.count) && all.first.count + all.second.count == 1000)
    let two = DatasetSplit.shuffled(["a", "b"], share: 0.01, seed: 1)
    #expect(two.first.count == 1 && two.second.count == 1)
  }
}
