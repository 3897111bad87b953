import DecoupledBase
import DecoupledCore
import DecoupledProposals
import DecoupledVision
import Foundation
import Testing

/// Structured forests: detection against OpenCV, files, training.
@Suite struct ForestTests {
  private struct Expected: Decodable {
    struct Edges: Decodable {
      let name: String
      let values: [Float]
    }

    let edges: [Edges]
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "forest-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test func openCVsForestGivesItsEdges() throws {
    let forest = try ForestFile.read(Fixtures.path("forest.yml"))
    let detector = try StructuredEdgeDetector(forest)
    #expect(detector.sharpening == 0 && forest.settings.features == .opencv && forest.trees.count == 4)
    let bytes = try Fixtures.bytes("expected.json")
    for item in try JSONDecoder().decode(Expected.self, from: Data(bytes)).edges {
      let edges = try detector.edges(in: try ImageReader.read(Fixtures.path("\(item.name).png")))
      let differences = zip(edges.magnitude, item.values).map { abs($0 - $1) }
      #expect(edges.magnitude.count == item.values.count)
      let mean = differences.reduce(0, +) / Float(differences.count)
      #expect(mean < 0.01, "\(item.name): \(mean)")
      #expect(item.values.reduce(0, +) / Float(item.values.count) > 0.05)
    }
  }

  @Test func neighboursAskOtherTrees() throws {
    func tree(_ pixels: [UInt16]) -> StructuredForest.Tree {
      StructuredForest.Tree(features: [0], thresholds: [0], children: [0], leaves: [ForestLeaf(edgePixels: pixels)])
    }
    func sum(_ trees: [StructuredForest.Tree]) throws -> Float {
      var settings = ForestSettings()
      settings.treesEvaluated = 1
      let detector = try StructuredEdgeDetector(try StructuredForest(settings: settings, trees: trees))
      return try detector.edges(in: RGBImage(width: 64, height: 64)).magnitude.reduce(0, +)
    }
    let everywhere = Array(UInt16(0)..<256)
    let (both, one) = (try sum([tree(everywhere), tree(everywhere)]), try sum([tree(everywhere), tree([])]))
    #expect(both > 0 && abs(one / both - 0.5) < 0.01)
  }

  @Test func filesKeepForests() throws {
    try withFolder { folder in
      let forest = try ForestFile.read(Fixtures.path("forest.yml"))
      for name in ["a.safetensors", "a.yml", "a.yml.gz"] {
        try ForestFile.write(forest, to: folder + "/" + name)
        #expect(try ForestFile.read(folder + "/" + name) == forest, "\(name)")
      }
      #expect(throws: EngineError.self) { _ = try StructuredEdgeDetector(forest, sharpening: 1) }
    }
  }

  @Test func damagedFilesAreRefusedInASentence() throws {
    try withFolder { folder in
      let whole = try FileAccess.read(Fixtures.path("forest.yml"))
      try ForestFile.write(try ForestFile.read(Fixtures.path("forest.yml")), to: folder + "/whole.yml.gz")
      try ForestFile.write(try ForestFile.read(Fixtures.path("forest.yml")), to: folder + "/whole.safetensors")
      let packed = try FileAccess.read(folder + "/whole.yml.gz")
      let tensors = try FileAccess.read(folder + "/whole.safetensors")
      let path = folder + "/damaged"
      for (bytes, step) in [(whole, 401), (packed, 101), (tensors, 401)] {
        for length in stride(from: 0, to: bytes.count - 1, by: step) {
          try FileAccess.write(Array(bytes[..<length]), to: path)
          #expect(sentence { _ = try ForestFile.read(path) }.contains("damaged"), "\(length) of \(bytes.count) bytes")
        }
        var random = CounterRandom(seed: 5, index: UInt64(bytes.count))
        for _ in 0..<80 {
          var damaged = bytes
          for _ in 0..<random.int(1...6) { damaged[random.int(0...(bytes.count - 1))] = UInt8(random.int(0...255)) }
          try FileAccess.write(damaged, to: path)
          do {
            // What still reads must also run.
            let image = RGBImage(width: 40, height: 40, fill: (1, 2, 3))
            _ = try StructuredEdgeDetector(try ForestFile.read(path)).edges(in: image)
          } catch { #expect(error is EngineError, "\(error)") }
        }
      }
      for (old, new, what) in [
        ("numberOfTrees: 4", "numberOfTrees: 5", "5 trees"),
        ("shrinkNumber: 2", "shrinkNumber: 3", "shrink must be 2, not 3"),
        ("childs:\n   - [ 2,", "childs:\n   - [ 99999,", "wrong child"), ("edgeBins:", "other:", "'other'"),
      ] {
        let text = String(decoding: whole, as: UTF8.self)
        #expect(text.contains(old))
        try FileAccess.write(text: text.replacingOccurrences(of: old, with: new), to: path)
        #expect(sentence { _ = try ForestFile.read(path) }.contains(what), "\(new)")
      }
    }
  }

  private func sentence(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  /// Discs on stripes: the edges of discs are edges of objects, the stripes are not.
  private func items(in folder: String, count: Int) throws -> [DatasetItem] {
    try (0..<count).map { number in
      var random = CounterRandom(seed: 9, index: UInt64(number))
      let (width, height) = (96, 80)
      var image = RGBImage(width: width, height: height)
      var mask = LabelMap(width: width, height: height)
      let (x, y, radius) = (random.int(30...66), random.int(30...50), random.int(14...24))
      for py in 0..<height {
        for px in 0..<width {
          let inside = (px - x) * (px - x) + (py - y) * (py - y) < radius * radius
          let stripe = UInt8((px + py) / 4 % 2 == 0 ? 70 : 110)
          image[px, py] = inside ? (210, 90, 60) : (stripe, stripe, stripe)
          mask[px, py] = inside ? 1 : 0
        }
      }
      let (photo, labels) = ("\(folder)/\(number).png", "\(folder)/\(number)-mask.png")
      try PNGWriter.write(image, to: photo)
      try PNGWriter.write(mask, to: labels)
      return DatasetItem(id: "\(number)", imagePath: photo, maskPath: labels)
    }
  }

  private var settings: ForestTrainingSettings {
    var settings = ForestTrainingSettings()
    settings.trees = 2
    settings.forest.treesEvaluated = 1
    settings.samples = 400
    settings.featureShare = 0.1
    return settings
  }

  @Test func aForestLearnsWhichEdgesCount() throws {
    try withFolder { folder in
      let items = try items(in: folder, count: 8)
      let forest = try #require(try ForestTrainer(items, settings).forest())
      let detector = try StructuredEdgeDetector(forest)
      let test = try self.items(in: folder, count: 9)[8]
      let (image, read) = try test.read()
      let mask = try #require(read)
      let edges = try detector.edges(in: image)
      var (on, off, onCount, offCount) = (Float(0), Float(0), 0, 0)
      for y in 20..<60 {
        for x in 20..<76 {
          if mask[x, y] != mask[x + 1, y] || mask[x, y] != mask[x, y + 1] {
            on += edges.magnitude[y * 96 + x]
            onCount += 1
          } else if mask[x, y] == mask[x + 6, y] && mask[x, y] == mask[x - 6, y] && mask[x, y] == mask[x, y + 6]
            && mask[x, y] == mask[x, y - 6]
          {
            off += edges.magnitude[y * 96 + x]
            offCount += 1
          }
        }
      }
      #expect(on / Float(onCount) > 4 * (off / Float(offCount)))
    }
  }

  @Test func stoppedTrainingsGoOnAndThreadsChangeNothing() throws {
    try withFolder { folder in
      let items = try items(in: folder, count: 4)
      let whole = folder + "/whole.safetensors"
      #expect(try ForestTraining(items, settings, output: whole, control: RunControl(threads: 1)).run() == nil)
      let path = folder + "/stopped.safetensors"
      let control = RunControl(threads: 2)
      let training = ForestTraining(items, settings, output: path, control: control)
      #expect(try training.run { if $0.tree == 1 { control.cancel() } } == 1)
      #expect(!FileAccess.isFile(path) && FileAccess.isFile(training.partialFile))
      control.reset()
      #expect(sentence { _ = try training.run() }.contains("resume or overwrite"))
      var other = settings
      other.seed = 2
      let stranger = ForestTraining(items, other, output: path, control: control)
      #expect(sentence { _ = try stranger.run(existing: .resume) }.contains("other photos or settings"))
      #expect(try training.run(existing: .resume) == nil)
      #expect(!FileAccess.isFile(training.partialFile))
      #expect(try FileAccess.read(path) == FileAccess.read(whole))
    }
  }

  @Test func whatCannotBeTrainedOn() throws {
    #expect(sentence { _ = try ForestTrainer([DatasetItem(id: "a", imagePath: "a.png")]) }.contains("none of the 1"))
    var wrong = settings
    wrong.trees = 0
    #expect(sentence { _ = try ForestTrainer([], wrong) }.contains("trees"))
    wrong = settings
    wrong.samples = 2_000_000
    wrong.featureShare = 1
    wrong.forest.patchSize = 64
    wrong.forest.orientations = 16
    try withFolder { folder in
      let items = try items(in: folder, count: 1)
      func train(_ settings: ForestTrainingSettings, _ output: String) -> String {
        sentence { _ = try ForestTraining(items, settings, output: output, control: RunControl(threads: 1)).run() }
      }
      #expect(train(wrong, folder + "/f.yml").contains("GB, the machine has"))
      #expect(train(settings, folder + "/none/f.yml").contains("No such file"))
      #expect(train(settings, folder).contains("is a folder"))
    }
  }
}
