import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import Foundation
import Testing

/// Score maps become labels by strips of rows: the same labels as from whole maps, whatever the strips.
struct ScoreMapTests {
  /// Maps with edges, exact ties between neighbours, and pixels where nothing is above 0.
  static func planes(_ count: Int, size: Int, seed: UInt64) -> [[Float]] {
    var random = CounterRandom(seed: seed)
    var planes = (0..<count).map { _ in (0..<size * size).map { _ in Float(random.uniform(0...1)) } }
    for pixel in stride(from: 0, to: size * size, by: 7) {
      for map in planes.indices { planes[map][pixel] = map % 2 == 0 ? 0.25 : 0 }
    }
    for pixel in stride(from: 3, to: size * size, by: 11) {
      for map in planes.indices { planes[map][pixel] = 0 }
    }
    return planes
  }

  static func maps(_ planes: [[Float]], size: Int, dividesBySum: Bool = true) -> ScoreMaps {
    var maps = ScoreMaps(size: size, dividesBySum: dividesBySum)
    for (index, plane) in planes.enumerated() { maps.append(UInt8(2 * index), plane) }
    return maps
  }

  /// Each map resized whole.
  static func resized(_ planes: [[Float]], size: Int, _ image: RGBImage) -> [[Float]] {
    let side = max(image.width, image.height)
    return planes.map { plane in
      var result = [Float](repeating: 0, count: image.width * image.height)
      Resampling.resizePlanes(
        plane, channels: 1, height: size, width: size, outHeight: side, outWidth: side,
        kept: (image.height, image.width), kernel: .bicubic, into: &result)
      return result
    }
  }

  static func largest(_ maps: [[Float]]) -> [UInt8] {
    maps[0].indices.map { pixel in
      var best = 0
      for map in maps.indices where maps[map][pixel] > maps[best][pixel] { best = map }
      return UInt8(2 * best)
    }
  }

  static func divided(_ planes: [[Float]]) -> [[Float]] {
    var planes = planes
    for pixel in planes[0].indices {
      let sum = planes.reduce(Float(0)) { $0 + $1[pixel] }
      for map in planes.indices { planes[map][pixel] = sum > 0 ? planes[map][pixel] / sum : 1 / Float(planes.count) }
    }
    return planes
  }

  /// Larger, smaller and equal to the network's size, in both directions; one map to more than a vector holds.
  @Test(arguments: [1, 2, 4, 5, 61], [(150, 97), (33, 201), (24, 24), (17, 9), (1, 1), (200, 1)])
  func stripsEqualWholeMaps(count: Int, shape: (width: Int, height: Int)) throws {
    let size = 24
    let image = RGBImage(width: shape.width, height: shape.height)
    let planes = Self.planes(count, size: size, seed: UInt64(count))
    let control = RunControl(threads: 2)
    for divides in [true, false] {
      let expected = Self.largest(Self.resized(divides ? Self.divided(planes) : planes, size: size, image))
      let maps = Self.maps(planes, size: size, dividesBySum: divides)
      #expect(try maps.labelMap(of: image, control: control).labels == expected)
    }
    let foregrounds = try Self.maps(planes, size: size).foregroundMaps(of: image, pool: control.pool)
    let clamped = Self.resized(planes, size: size, image).dropFirst().map { $0.map { min(max($0, 0), 1) } }
    #expect(foregrounds.map(\.values) == Array(clamped))
  }

  @Test func withoutMapsAllIsBackground() throws {
    let maps = ScoreMaps(size: 8, dividesBySum: true)
    let image = RGBImage(width: 5, height: 3)
    #expect(try maps.labelMap(of: image, control: RunControl(threads: 1)) == LabelMap(width: 5, height: 3))
  }

  /// The mean of the column above and below, which each strip needs rows of its neighbours for.
  struct ColumnMean: Refinement {
    static let name = "column"
    static let summary = "means of columns."
    static let settings: [RefinementSetting] = []
    var reach = RefinementReach.rows(3)

    init(_ values: RefinementValues) {}
    init(reach: RefinementReach) { self.reach = reach }

    func refine(_ scores: inout ScoreStrip, of image: RGBImage) {
      let count = scores.width * scores.labels
      let before = scores.values
      for y in 0..<scores.rows.count {
        for i in 0..<count {
          let rows = max(y - 3, 0)...min(y + 3, scores.rows.count - 1)
          scores.values[y * count + i] = rows.reduce(Float(0)) { $0 + before[$1 * count + i] } / Float(rows.count)
        }
      }
    }
  }

  /// So large that the image is cut into several strips.
  @Test func refinementsDoNotSeeStrips() throws {
    let (size, image) = (16, RGBImage(width: 700, height: 500))
    let maps = Self.maps(Self.planes(40, size: size, seed: 9), size: size)
    let control = RunControl(threads: 2)
    func labels(_ reach: RefinementReach) throws -> [UInt8] {
      let refinement = ColumnMean(reach: reach)
      return try maps.labelMap(of: image, refinements: [refinement, refinement], control: control).labels
    }
    let (strips, whole) = (try labels(.rows(3)), try labels(.wholeImage))
    #expect(strips == whole)
    #expect(try strips != maps.labelMap(of: image, control: control).labels, "the refinement does nothing")
    #expect(try strips != labels(.rows(0)), "no strip begins inside of the image")
  }

  @Test func guidedDoesNotSeeStrips() throws {
    let size = 16
    var image = RGBImage(width: 700, height: 500)
    for i in image.pixels.indices { image.pixels[i] = UInt8((i / 3 % 700 / 9 * 40 + i / 2100 / 13 * 70) % 256) }
    let maps = Self.maps(Self.planes(40, size: size, seed: 5), size: size)
    let guided = try Refinements.make("guided", ["radius": 5])
    let control = RunControl(threads: 2)
    let strips = try maps.labelMap(of: image, refinements: [guided], control: control)
    // A refinement of the whole image behind it takes the strips away.
    let whole = try maps.labelMap(
      of: image, refinements: [guided, Nothing()], control: control)
    #expect(strips == whole)
    #expect(try strips != maps.labelMap(of: image, control: control))
  }

  struct Nothing: Refinement {
    static let name = "nothing"
    static let summary = "changes nothing."
    static let settings: [RefinementSetting] = []
    let reach = RefinementReach.wholeImage
    init() {}
    init(_ values: RefinementValues) {}
    func refine(_ scores: inout ScoreStrip, of image: RGBImage) {}
  }

  @Test func scoresThatDoNotFitAreRefused() throws {
    let maps = Self.maps(Self.planes(100, size: 8, seed: 2), size: 8)
    let error = #expect(throws: EngineError.self) {
      try maps.labelMap(
        of: RGBImage(width: 6000, height: 4000), refinements: [Nothing()], control: RunControl(threads: 1))
    }
    #expect(error?.status == .outOfMemory)
    #expect(error?.message.contains("nothing") == true)
  }

  @Test func cancelled() throws {
    let control = RunControl(threads: 2)
    control.cancel()
    let error = #expect(throws: EngineError.self) {
      try Self.maps(Self.planes(3, size: 8, seed: 2), size: 8).labelMap(
        of: RGBImage(width: 90, height: 90), control: control)
    }
    #expect(error?.status == .cancelled)
  }
}

/// The settings of prediction as JSON.
struct PredictionSettingsTests {
  static func read(_ json: String) throws -> PredictionSettings {
    try JSONDecoder().decode(PredictionSettings.self, from: Data(json.utf8))
  }

  @Test func readsAllSettings() throws {
    let settings = try Self.read(
      #"{"threshold": 0.25, "plain": true, "images_per_batch": 3, "rows_per_chunk": 2, "foreground_maps": true, "#
        + #""activation_maps": true, "refinements": ["guided", {"name": "guided", "radius": 9}]}"#)
    #expect(settings.threshold == 0.25 && settings.plain && settings.imagesPerBatch == 3 && settings.rowsPerChunk == 2)
    #expect(settings.foregroundMaps && settings.activationMaps)
    #expect(settings.refinements.map(\.reach) == [.rows(8), .rows(18)])
    #expect(try Self.read("{}").refinements.isEmpty)
  }

  @Test(arguments: [
    (#"{"treshold": 0.5}"#, "treshold"), (#"{"refinements": ["gided"]}"#, "gided"),
    (#"{"refinements": [{"name": "guided", "radios": 3}]}"#, "radios"),
    (#"{"refinements": [{"name": "guided", "radius": 0}]}"#, "1 to 64"),
  ])
  func refusesWhatItDoesNotKnow(json: String, word: String) throws {
    let error = #expect(throws: (any Error).self) { try Self.read(json) }
    #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error))")
  }
}
