import DecoupledBase

extension DatasetComposer {
  /// The objects and backgrounds of one side (training or test), read once.
  struct Stock {
    private let cutOuts: [[CutOut]]
    private let backgrounds: [RGBImage]
    private let settings: Settings

    init(cutOuts: [[String]], backgrounds: [String], settings: Settings) throws {
      self.settings = settings
      self.cutOuts = try cutOuts.map { paths in
        try paths.map { try CutOut(ImageReader.readAlpha($0), name: $0) }
      }
      self.backgrounds = try backgrounds.map { try Self.reduced(ImageReader.read($0), settings) }
    }

    /// Wallpapers are far larger than needed: keeps twice the resolution of the pictures, so that crops stay sharp.
    private static func reduced(_ image: RGBImage, _ settings: Settings) throws -> RGBImage {
      let scale = max(
        2 * Double(settings.width) / Double(image.width), 2 * Double(settings.height) / Double(image.height))
      guard scale < 1 else { return image }
      return try Resampling.resize(
        image, width: max(1, Int(Double(image.width) * scale)), height: max(1, Int(Double(image.height) * scale)),
        kernel: .bilinear)
    }

    /// One picture with at least one object, which is of the class `first` so that all classes get their share.
    func scene(first: Int, random: inout CounterRandom) throws -> Scene {
      var scene = Scene(background: try background(&random))
      let count = random.int(settings.objectsPerImage)
      for number in 0..<count {
        let group = number == 0 ? first : random.int(0...(cutOuts.count - 1))
        // An object that finds no room after some tries is left out; an empty picture has room for the first.
        for _ in 0..<8 where try place(group, isFirst: number == 0, &scene, &random) { break }
      }
      return scene
    }

    private func place(
      _ group: Int, isFirst: Bool, _ scene: inout Scene, _ random: inout CounterRandom
    ) throws -> Bool {
      let cutOut = cutOuts[group][random.int(0...(cutOuts[group].count - 1))]
      let side = Double(min(settings.width, settings.height))
      let turn = settings.rotation * .pi / 180
      let pose = CutOut.Pose(
        size: side * random.uniform(settings.objectSize), angle: random.uniform(-turn...turn),
        mirrored: random.bool(),
        brightness: random.uniform((1 - settings.brightness)...(1 + settings.brightness)))
      let object = cutOut.posed(pose)
      // The first object is placed inside as far as it fits; the others may stick out by up to a quarter.
      let (slackX, slackY) = isFirst ? (0, 0) : (object.width / 4, object.height / 4)
      let x = random.int(Self.places(-slackX, settings.width - object.width + slackX))
      let y = random.int(Self.places(-slackY, settings.height - object.height + slackY))
      return scene.place(object, label: UInt8(group + 1), x: x, y: y, leastVisible: settings.leastVisible)
    }

    private static func places(_ a: Int, _ b: Int) -> ClosedRange<Int> { min(a, b)...max(a, b) }

    /// A random part of a random background, at least half as large as possible, mirrored half of the time.
    private func background(_ random: inout CounterRandom) throws -> RGBImage {
      let photo = backgrounds[random.int(0...(backgrounds.count - 1))]
      let fit = min(
        Double(photo.width) / Double(settings.width), Double(photo.height) / Double(settings.height))
      let scale = fit * random.uniform(0.5...1)
      let width = min(photo.width, max(1, Int(Double(settings.width) * scale)))
      let height = min(photo.height, max(1, Int(Double(settings.height) * scale)))
      let x = random.int(0...(photo.width - width))
      let y = random.int(0...(photo.height - height))
      let part = try photo.cut(Window(x1: x, y1: y, x2: x + width - 1, y2: y + height - 1))
      let resized = try Resampling.resize(
        part, width: settings.width, height: settings.height, kernel: .bilinear)
      return random.bool() ? Orientation.mirrored.apply(to: resized) : resized
    }
  }
}
