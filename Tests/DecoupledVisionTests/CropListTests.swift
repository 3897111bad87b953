import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct DataLayerTests {
  private struct Entry: Decodable {
    let window: [Int]
    let left: Int
    let top: Int
    let mirrored: Bool
    let subset: [UInt8]
    let present: [UInt8]
  }

  /// The steps of SELECT_SEG_BINARY and WINDOW_CLS_DATA, made with OpenCV by `make_datasets.py`.
  @Test func windowsAreThoseOfTheReleasedLayer() throws {
    let folder = Fixtures.path("datasets/datalayer")
    let entries = try JSONDecoder().decode([Entry].self, from: Data(FileAccess.read(folder + "/windows.json")))
    let image = try ImageReader.read(folder + "/photo.png")
    let mask = try MaskReader.read(folder + "/mask.png")
    let expected = try ImageReader.read(folder + "/expected-images.png")
    let labels = try MaskReader.read(folder + "/expected-labels.png")
    let plain = try Preprocessing(channelOrder: .rgb, mean: [0, 0, 0])
    let crop = try TrainingCrop(resizeTo: 35, inputSize: 32, preprocessing: plain)
    #expect(entries.count == 8)
    for (number, entry) in entries.enumerated() {
      let window = Window(x1: entry.window[0], y1: entry.window[1], x2: entry.window[2], y2: entry.window[3])
      let placement = TrainingCrop.Placement(left: entry.left, top: entry.top, mirrored: entry.mirrored)
      let sample = try crop.sample(image: image, mask: mask, window: window, at: placement)
      let size = 32 * 32
      var largest: Float = 0
      for i in 0..<size {
        for channel in 0..<3 {
          let other = Float(expected.pixels[3 * (number * size + i) + channel])
          largest = max(largest, abs(sample.input[channel * size + i] - other))
        }
      }
      #expect(largest <= 1, "window \(number)")
      let made = try #require(sample.mask)
      let binary = CombinatorialCropping.binaryLabels(made, subset: entry.subset)
      #expect(binary == Array(labels.labels[(number * size)..<((number + 1) * size)]), "window \(number)")
      #expect(made.objectLabels() == entry.present)
    }
    let outside = TrainingCrop.Placement(left: 4, top: 0, mirrored: false)
    #expect(
      message { _ = try crop.sample(image: image, window: Window(width: 9, height: 9), at: outside) }.contains("leaves")
    )
  }
}

@Suite struct CropListTests {
  @Test func generatedListsReadBack() throws {
    let folder = try TemporaryFolder()
    try makeVOC(in: folder)
    let data = try Dataset.open(folder.path, set: "train", strong: "strong")
    let cropping = try CombinatorialCropping(windowsPerSubset: 4)
    let generator = CropGenerator(cropping: cropping, seed: 3)
    var warnings: [String] = []
    var preview = try CropPreview(limit: 4, size: 16)
    let count = try generator.write(
      data, root: folder.path, to: folder.file("list.txt"), warn: { warnings.append($0) },
      visit: { try preview.add(number: $0, image: $1, mask: $2, crop: $3) })
    // b has one class, c two: (1 + 4) + (1 + 4 * 3).
    #expect(count == 18 && warnings.isEmpty)
    #expect(try preview.sheet(columns: 2).width == 2 * 20 + 4)
    let lines = try FileAccess.readLines(folder.file("list.txt"))
    #expect(lines.count == 18 && lines[0] == "/JPEGImages/b.jpg /SegmentationClass/b.png 0 0 11 7 0 1")
    let list = try CropListFile.open(folder.file("list.txt"), root: folder.path)
    let crops = try #require(list.crops)
    #expect(list.items.map(\.id) == ["b", "c"] && crops.count == 18 && crops.hasSubsets)
    let made = try #require(try generator.crops(of: data.items[2])?.crops)
    for (number, crop) in made.enumerated() {
      #expect(crops[5 + number] == CropTable.Entry(item: 1, window: crop.window, subset: crop.subset))
    }
    _ = try generator.write(data, root: folder.path, to: folder.file("again.txt"))
    #expect(try FileAccess.read(folder.file("again.txt")) == FileAccess.read(folder.file("list.txt")))
    let other = CropGenerator(cropping: cropping, seed: 4)
    _ = try other.write(data, root: folder.path, to: folder.file("other.txt"))
    #expect(try FileAccess.read(folder.file("other.txt")) != FileAccess.read(folder.file("list.txt")))
    let sentence = message { _ = try generator.write(data, root: folder.file("JPEGImages"), to: folder.file("no.txt")) }
    #expect(sentence.contains("is not inside") && !FileAccess.isFile(folder.file("no.txt")))
  }

  @Test func linesOfAllLayers() throws {
    let folder = try TemporaryFolder()
    try folder.write("cat\ndog\nbird\n", "classes.txt")
    func open(_ text: String) throws -> Dataset {
      try folder.write(text, "list.txt")
      return try Dataset.open(
        folder.path,
        options: {
          var o = Dataset.Options()
          o.list = folder.file("list.txt")
          return o
        }())
    }
    let bits = try open("/a.jpg /a.png -5 0 20 9 1 0 1\n\n/a.jpg /a.png\t0 0 3 3  0 0 0\r\n")
    #expect(bits.items.map(\.imagePath) == [folder.file("a.jpg")] && bits.items[0].maskPath == folder.file("a.png"))
    let window = Window(x1: -5, y1: 0, x2: 20, y2: 9)
    #expect(bits.crops?[0] == CropTable.Entry(item: 0, window: window, subset: [1, 3]))
    #expect(bits.crops?[1].subset == [])
    let windows = try open("a.jpg a.png 0 0 3 3\nb/a.jpg a.png 0 0 3 3\n")
    #expect(windows.items.map(\.id) == ["a", "a-1"] && windows.crops?.hasSubsets == false)
    #expect(windows.items[0].imagePath == folder.file("a.jpg"))
    // One photo with two masks is two items.
    let twoMasks = try open("/a.jpg /a.png\n/a.jpg /b.png\n")
    #expect(twoMasks.items.map(\.id) == ["a", "a-1"] && twoMasks.items[1].maskPath == folder.file("b.png"))
    #expect(try open("/a.jpg /a.png\n").crops?[0] == CropTable.Entry(item: 0, window: nil, subset: nil))
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("cat\ndog\n", "classes.txt")
    func open(_ text: String) throws -> String {
      try folder.write(text, "list.txt")
      return message { _ = try CropListFile.open(folder.file("list.txt"), root: folder.path) }
    }
    #expect(try open("\n").contains("is empty"))
    #expect(try open("/a.jpg\n").contains("Line 1"))
    #expect(try open("/a /b 0 0 1 1 1 0 1\n").contains("3 bits for 2 classes"))
    #expect(try open("/a /b 0 0 1 1 1 0\n/a /b 0 0 1 1\n").contains("Line 2"))
    #expect(try open("/a /b 0 0 1 x 1 0\n").contains("'x' where a whole number"))
    #expect(try open("/a /b 0 0 1 99999999999 1 0\n").contains("a whole number"))
    #expect(try open("/a /b 0 0 1 1 1 2\n").contains("'2' where a bit"))
    #expect(try open("/a /b 5 0 1 1 1 0\n").contains("at least 1"))
    #expect(try open("/a /b 0 0 1 2000000 1 0\n").contains("outside of any image"))
    #expect(try open("/a\u{0} /b 0 0 1 1 1 0\n").contains("zero byte"))
  }
}

@Suite struct ProposalWindowTests {
  @Test func proposalsComeFirstAndTheRestIsRandom() throws {
    var map = LabelMap(width: 40, height: 30)
    for y in 10..<20 { for x in 10..<20 { map[x, y] = 1 } }
    let good = [
      Window(x1: 9, y1: 9, x2: 21, y2: 22), Window(x1: 10, y1: 10, x2: 19, y2: 19),
      Window(x1: 0, y1: 0, x2: 30, y2: 29),
    ]
    let bad = [Window(x1: 12, y1: 10, x2: 30, y2: 20), Window(x1: 25, y1: 0, x2: 39, y2: 29)]
    let proposals = [bad[0], good[0], good[1], bad[1], good[2]]
    let source = try ProposalWindowSource(share: 0.2)
    let foreground = Foreground(map, subset: [1])
    var random = CounterRandom(seed: 2)
    let windows = source.windows(for: foreground, proposals: proposals, count: 10, random: &random)
    #expect(windows.count == 10 && Array(windows[..<2]) == Array(good[..<2]))
    let box = Window(x1: 10, y1: 10, x2: 19, y2: 19)
    #expect(windows.allSatisfy { $0.encloses(box) })
    // Drawn one by one, each is a proposal as often as among those made ahead: 3 of 10 here, all that qualify.
    let half = try ProposalWindowSource(share: 0.5)
    var drawn: [Window] = []
    for _ in 0..<4000 {
      drawn.append(try #require(half.window(for: foreground, proposals: proposals, of: 10, random: &random)))
    }
    for window in good { #expect(abs(drawn.count { $0 == window } - 400) < 90) }
    #expect(!drawn.contains { bad.contains($0) })
    #expect(source.window(for: Foreground(map, subset: [2]), proposals: proposals, of: 10, random: &random) == nil)
    // Grown by a fifth, the first bad one holds all; with three quarters enclosed it qualifies as it is.
    let grown = try ProposalWindowSource(share: 1, growth: 0.2)
    let all = grown.windows(for: foreground, proposals: [bad[0]], count: 1, random: &random)
    #expect(all == [Window(x1: 8, y1: 8, x2: 34, y2: 22)])
    let partly = try ProposalWindowSource(share: 1, random: RandomWindowSource(enclosedShare: 0.75))
    #expect(partly.windows(for: foreground, proposals: [bad[0]], count: 1, random: &random) == [bad[0]])
    #expect(message { _ = try ProposalWindowSource(share: 1.5) } != "")
  }
}
