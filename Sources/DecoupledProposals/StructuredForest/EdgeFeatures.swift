import DecoupledVision

/// The features of all patches of an image: channels smoothed a little, and more for self-similarity.
struct EdgeFeatures {
  /// Of the channels, `shrink` times smaller than the image.
  let width: Int
  let height: Int
  /// Shape (channels, height, width).
  let regular: Table<Float>
  let similarity: Table<Float>

  /// - Parameter image: RGB, 0...1, padded as the caller wants its patches.
  init(_ image: FloatImage, _ settings: ForestSettings) {
    let channels: FloatImage
    let border: PlaneFilter.Border
    switch settings.features {
    case .authors:
      channels = EdgeChannels.authors(image, settings)
      border = .symmetric
    case .opencv:
      channels = EdgeChannels.opencv(image, settings)
      border = .mirrored
    }
    width = channels.width
    height = channels.height
    regular = Table(Self.smoothed(channels, settings.channelSmoothing, settings, border))
    similarity = Table(Self.smoothed(channels, settings.similaritySmoothing, settings, border))
  }

  private static func smoothed(
    _ channels: FloatImage, _ radius: Int, _ settings: ForestSettings, _ border: PlaneFilter.Border
  ) -> [Float] {
    let radius = Int((Float(radius) / Float(settings.shrink)).rounded(.toNearestOrEven))
    let plane = channels.width * channels.height
    return (0..<channels.channels).flatMap { channel in
      PlaneFilter.triangle(
        Array(channels.values[(channel * plane)..<((channel + 1) * plane)]), width: channels.width,
        height: channels.height, radius: radius, border: border)
    }
  }

  /// Where the values of each feature lie, from the first pixel of a patch.
  struct Offsets {
    /// For regular features the place of the value; for the others those of the value and of what is taken from it.
    let first: Table<Int32>
    let second: Table<Int32>
    let regularCount: Int

    init(width: Int, height: Int, _ settings: ForestSettings) {
      let side = settings.channelPatch
      let plane = width * height
      var first: [Int32] = []
      for channel in 0..<settings.channels {
        for column in 0..<side {
          for row in 0..<side { first.append(Int32(channel * plane + row * width + column)) }
        }
      }
      regularCount = first.count
      var second = [Int32](repeating: 0, count: regularCount)
      let places = Self.gridPlaces(side: side, cells: settings.cells)
      let count = settings.cells * settings.cells
      for channel in 0..<settings.channels {
        func cell(_ i: Int) -> Int32 {
          Int32(channel * plane + places[i % settings.cells] * width + places[i / settings.cells])
        }
        for i in 0..<count {
          for j in (i + 1)..<max(count, i + 1) {
            first.append(cell(i))
            second.append(cell(j))
          }
        }
      }
      self.first = Table(first)
      self.second = Table(second)
    }

    /// The value of a feature of the patch whose first pixel is at `place`.
    @inline(__always)
    func value(_ feature: Int, at place: Int, _ features: EdgeFeatures) -> Float {
      let one = place &+ Int(first[feature])
      if feature < regularCount { return features.regular[one] }
      return features.similarity[one] - features.similarity[place &+ Int(second[feature])]
    }

    /// Centres of the cells of the self-similarity grid along one side of a patch.
    static func gridPlaces(side: Int, cells: Int) -> [Int] {
      let half = Int((Double(side) / Double(2 * cells)).rounded(.toNearestOrEven))
      return (0..<cells).map { cell in
        let place = Double((cell + 1) * (side + 2 * half - 1)) / Double(cells + 1)
        return Int(place - Double(half) + 0.5)
      }
    }
  }
}
