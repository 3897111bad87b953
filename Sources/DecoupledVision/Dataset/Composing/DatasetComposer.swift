import DecoupledBase

/// Makes a data set in the VOC layout from photographed objects with transparency and background photos.
///
/// Image-level labels and masks are exact by construction. Training and test images use different objects and
/// backgrounds. The same inputs and seed give the same files. Cut-outs are told by class; each picture shows some of
/// them scaled, turned, mirrored and brightened at random, partly over each other, each at least `leastVisible` to be
/// seen.
public struct DatasetComposer: Sendable {
  /// The cut-outs (paths of PNG files with alpha) of one class.
  public struct ObjectClass: Sendable, Equatable {
    public let name: String
    public let train: [String]
    public let test: [String]

    public init(name: String, train: [String], test: [String]) {
      self.name = name
      self.train = train
      self.test = test
    }
  }

  /// How many pictures, and what they look like.
  public struct Settings: Sendable, Equatable, Codable {
    public var trainCount = 300
    public var testCount = 100
    /// Size of the pictures in pixels.
    public var width = 320
    public var height = 240
    public var objectsPerImage = 1...3
    /// The longer side of an object as a share of the shorter side of the picture.
    public var objectSize = 0.3...0.8
    /// Objects are turned by up to this angle in degrees to either side, at most 45.
    public var rotation = 15.0
    /// Colours of objects are multiplied by 1 - b ... 1 + b.
    public var brightness = 0.2
    /// Least share of an object that is inside the picture and not covered.
    public var leastVisible = 0.4
    /// Width in pixels of the void (255) rim on both sides of object borders; 0 draws none.
    public var voidBorder = 1
    /// For each number K a list `strong_K` of training pictures with K masks per class.
    public var strongPerClass = [5]
    public var jpegQuality = 92
    public var seed: UInt64 = 1

    public init() {}
  }

  public let classes: [ObjectClass]
  public let trainBackgrounds: [String]
  public let testBackgrounds: [String]
  public let settings: Settings

  /// - Throws: `EngineError` when a class or side has no cut-out or background, a file is on both sides, or a setting
  ///   is out of range.
  public init(
    classes: [ObjectClass], trainBackgrounds: [String], testBackgrounds: [String], settings: Settings = Settings()
  ) throws {
    self.classes = classes
    self.trainBackgrounds = trainBackgrounds
    self.testBackgrounds = testBackgrounds
    self.settings = settings
    try check(settings)
    _ = try ClassList(classes.map(\.name))
    for group in classes {
      try Self.checkSides("cut-out of the class '\(group.name)'", train: group.train, test: group.test, settings)
    }
    try Self.checkSides("background", train: trainBackgrounds, test: testBackgrounds, settings)
  }

  private static func checkSides(_ what: String, train: [String], test: [String], _ settings: Settings) throws {
    guard settings.trainCount == 0 || !train.isEmpty else {
      throw EngineError(.format, "There is no \(what) for training; add files or change the split.")
    }
    guard settings.testCount == 0 || !test.isEmpty else {
      throw EngineError(.format, "There is no \(what) for testing; add files or change the split.")
    }
    if let both = Set(train).intersection(test).min() {
      throw EngineError(.format, "The \(what) '\(both)' is in training and test; it may be in one only.")
    }
  }

  private func check(_ s: Settings) throws {
    try ImageLimits.check(width: s.width, height: s.height, what: "The composed picture")
    let faults: [(Bool, String)] = [
      (s.trainCount < 0 || s.testCount < 0 || s.trainCount + s.testCount < 1, "the numbers of pictures"),
      (s.objectsPerImage.lowerBound < 1 || s.objectsPerImage.upperBound > 100, "objectsPerImage"),
      (s.objectSize.lowerBound < 0.01 || s.objectSize.upperBound > 1.5, "objectSize"),
      (!(0...45).contains(s.rotation), "rotation"), (!(0...1).contains(s.brightness), "brightness"),
      (!(0...1).contains(s.leastVisible), "leastVisible"), (!(0...50).contains(s.voidBorder), "voidBorder"),
      (s.strongPerClass.contains { $0 < 1 }, "strongPerClass"), (!(1...100).contains(s.jpegQuality), "jpegQuality"),
    ]
    if let fault = faults.first(where: { $0.0 }) {
      throw EngineError(.format, "The composer's setting for \(fault.1) is out of range.")
    }
  }

  /// Composes all pictures, and writes photos, masks, lists and classes.txt into a new or empty folder. Lists are
  /// written last.
  /// - Parameter progress: called after each picture with the number done and the total; false stops.
  /// - Throws: `EngineError` when the folder is not empty, a file cannot be read or written, or when stopped.
  public func compose(into folder: String, progress: (Int, Int) -> Bool = { _, _ in true }) throws {
    if FileAccess.isFolder(folder), try !FileAccess.names(in: folder).isEmpty {
      throw EngineError(.format, "The folder '\(folder)' is not empty; choose a new one for the composed data set.")
    }
    for name in ["JPEGImages", "SegmentationClass", "ImageSets/Main", "ImageSets/Segmentation"] {
      try FileAccess.makeFolder(FilePaths.join(folder, name))
    }
    let total = settings.trainCount + settings.testCount
    var done = 0
    var sets: [(name: String, labels: [(id: String, present: [Bool])])] = []
    for (name, count) in [("train", settings.trainCount), ("val", settings.testCount)] where count > 0 {
      let isTraining = name == "train"
      let stock = try Stock(
        cutOuts: classes.map { isTraining ? $0.train : $0.test },
        backgrounds: isTraining ? trainBackgrounds : testBackgrounds, settings: settings)
      var labels: [(id: String, present: [Bool])] = []
      for index in 0..<count {
        let number = String(index + 1)
        let id = "\(name)_" + String(repeating: "0", count: max(0, 5 - number.count)) + number
        var random = CounterRandom(seed: settings.seed, stream: isTraining ? 1 : 2, index: UInt64(index))
        let scene = try stock.scene(first: index % classes.count, random: &random)
        try JPEGWriter.write(
          scene.image, quality: settings.jpegQuality, to: FilePaths.join(folder, "JPEGImages/\(id).jpg"))
        let map = scene.labels(voidBorder: settings.voidBorder)
        try PNGWriter.write(map, to: FilePaths.join(folder, "SegmentationClass/\(id).png"))
        let counts = scene.labels.histogram()
        labels.append((id, classes.indices.map { counts[$0 + 1] > 0 }))
        done += 1
        guard progress(done, total) else {
          throw EngineError(.cancelled, "Composing was stopped after \(done) of \(total) pictures.")
        }
      }
      sets.append((name, labels))
    }
    try writeLists(sets, folder)
  }

  private func writeLists(
    _ sets: [(name: String, labels: [(id: String, present: [Bool])])], _ folder: String
  ) throws {
    for set in sets {
      for (c, group) in classes.enumerated() {
        let lines = set.labels.map { "\($0.id) \($0.present[c] ? "1" : "-1")" }
        try ListFile.write(lines, to: FilePaths.join(folder, "ImageSets/Main/\(group.name)_\(set.name).txt"))
      }
      try ListFile.write(
        set.labels.map(\.id), to: FilePaths.join(folder, "ImageSets/Segmentation/\(set.name).txt"))
    }
    try ListFile.write(classes.map(\.name), to: FilePaths.join(folder, "classes.txt"))
    guard settings.trainCount > 0 else { return }
    let dataset = try Dataset.open(folder, set: "train")
    for count in settings.strongPerClass {
      let ids = try DatasetSplit.strong(dataset, perClass: count, seed: settings.seed)
      try ListFile.write(ids, to: FilePaths.join(folder, "ImageSets/Segmentation/strong_\(count).txt"))
    }
  }
}
