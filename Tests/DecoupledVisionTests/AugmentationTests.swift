import DecoupledBase
import DecoupledVision
import Foundation
import Testing

@Suite struct TrainingCropTests {
  /// Red is the column, green the row, and the mask holds the column too.
  private func sample() throws -> (RGBImage, LabelMap) {
    var image = RGBImage(width: 20, height: 10)
    var mask = LabelMap(width: 20, height: 10)
    for y in 0..<10 {
      for x in 0..<20 {
        image[x, y] = (UInt8(x + 1), UInt8(y + 1), 0)
        mask[x, y] = UInt8(x + 1)
      }
    }
    return (image, mask)
  }

  private let plain = try? Preprocessing(channelOrder: .rgb, mean: [0, 0, 0])

  @Test func imageAndMaskStayTogether() throws {
    let (image, mask) = try sample()
    let crop = try TrainingCrop(resizeTo: 10, inputSize: 6, preprocessing: #require(plain))
    var offsets: Set<Float> = []
    var mirrored = 0
    for index in 0..<200 {
      var random = CounterRandom(seed: 1, index: UInt64(index))
      // A window of 10x10 is not resized, so values are exact.
      let window = Window(x1: 7, y1: 0, x2: 16, y2: 9)
      let result = try crop.sample(image: image, mask: mask, window: window, random: &random)
      let labels = try #require(result.mask)
      #expect(result.input.count == 3 * 36)
      #expect((0..<36).allSatisfy { result.input[$0] == Float(labels.labels[$0]) })
      mirrored += labels.labels[0] > labels.labels[5] ? 1 : 0
      offsets.insert(min(result.input[0], result.input[5]))
      var again = CounterRandom(seed: 1, index: UInt64(index))
      #expect(try crop.sample(image: image, mask: mask, window: window, random: &again).input == result.input)
    }
    #expect(offsets == [8, 9, 10, 11, 12])
    #expect((70...130).contains(mirrored))
  }

  @Test func windowsOutsideArePadded() throws {
    let (image, mask) = try sample()
    let cut = try image.cut(Window(x1: -2, y1: 8, x2: 1, y2: 11))
    #expect(cut[0, 0] == (0, 0, 0) && cut[2, 0] == (1, 9, 0) && cut[3, 1] == (2, 10, 0) && cut[3, 2] == (0, 0, 0))
    let labels = try mask.cut(Window(x1: -2, y1: 8, x2: 1, y2: 11))
    #expect(labels.labels == [255, 255, 1, 2, 255, 255, 1, 2] + [UInt8](repeating: 255, count: 8))
    #expect(try mask.cut(Window(x1: 50, y1: 50, x2: 51, y2: 51)).labels == [255, 255, 255, 255])
    #expect(try mask.cut(Window(x1: -9, y1: -9, x2: -8, y2: -8)).labels == [255, 255, 255, 255])
    #expect(message { _ = try image.cut(Window(x1: 5, y1: 5, x2: 4, y2: 9)) } != "")
  }

  @Test func jitterAndErrors() throws {
    let (image, mask) = try sample()
    let crop = try TrainingCrop(
      resizeTo: 8, inputSize: 8, mirror: false, scaleJitter: 0.5...2, colourJitter: 0.4, preprocessing: #require(plain))
    let window = Window(x1: 0, y1: 0, x2: 9, y2: 9)
    let inputs = try (0..<5).map { index in
      var random = CounterRandom(seed: 2, index: UInt64(index))
      return try crop.sample(image: image, mask: mask, window: window, random: &random).input
    }
    #expect(Set(inputs).count == 5)
    var random = CounterRandom(seed: 1)
    #expect(
      message {
        _ = try crop.sample(image: image, mask: LabelMap(width: 3, height: 3), window: window, random: &random)
      }.contains("3x3"))
    #expect(message { _ = try TrainingCrop(resizeTo: 5, inputSize: 6) } != "")
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode(TrainingCrop.self, from: Data(#"{"resizeTo": 5, "inputSize": 6}"#.utf8))
    }
    #expect(try crop.sample(image: image, window: window, random: &random).input.count == 3 * 64)
  }
}

@Suite struct CombinatorialCroppingTests {
  private func map() throws -> LabelMap {
    var map = LabelMap(width: 30, height: 20)
    for y in 5..<9 { for x in 4..<10 { map[x, y] = 3 } }
    for y in 12..<15 { for x in 20..<22 { map[x, y] = 7 } }
    map[29, 19] = 255
    map[0, 0] = 9
    return map
  }

  @Test func subsets() throws {
    let cropping = try CombinatorialCropping()
    #expect(cropping.subsets(of: []) == [])
    #expect(cropping.subsets(of: [7, 3, 9]) == [[3], [7], [9], [3, 7], [3, 9], [7, 9], [3, 7, 9]])
    #expect(cropping.subsets(of: Array(1...6)).count == 63)
    var warnings: [String] = []
    let many = try CombinatorialCropping(maximumSubsets: 25).subsets(of: Array(1...20)) { warnings.append($0) }
    #expect(many.count == 25 && warnings.count == 1)
    #expect(many.prefix(20) == ArraySlice((1...20).map { [UInt8($0)] }) && many.last == Array(1...20))
    #expect(Set(many).count == 25)
  }

  @Test func windowsEncloseTheSubset() throws {
    let map = try map()
    let cropping = try CombinatorialCropping(windowsPerSubset: 50)
    var random = CounterRandom(seed: 1)
    let image = Window(width: 30, height: 20)
    for (subset, box) in [
      ([UInt8(3)], Window(x1: 4, y1: 5, x2: 9, y2: 8)), ([3, 7], Window(x1: 4, y1: 5, x2: 21, y2: 14)),
    ] {
      let windows = cropping.windows(for: subset, in: map, count: 100, random: &random)
      #expect(windows.count == 100 && Set(windows).count > 50)
      #expect(windows.allSatisfy { $0.encloses(box) && image.encloses($0) })
    }
    #expect(cropping.windows(for: [12], in: map, count: 5, random: &random).isEmpty)
    // Ns + Np (2^|L| - 1) with Ns = 1, |L| = 3.
    let crops = cropping.crops(of: map, random: &random)
    #expect(crops.count == 1 + 50 * 7)
    #expect(crops[0] == CombinatorialCropping.Crop(window: image, subset: [3, 7, 9]))
    #expect(cropping.crops(of: LabelMap(width: 4, height: 4, fill: 255), random: &random).isEmpty)
  }

  @Test func partlyEnclosingWindowsAndContext() throws {
    let map = try map()
    let source = try RandomWindowSource(enclosedShare: 0.6, context: 0...1.5)
    let foreground = Foreground(map, subset: [3])
    #expect(foreground.count == 24 && foreground.count(in: Window(x1: 4, y1: 5, x2: 5, y2: 100)) == 8)
    var random = CounterRandom(seed: 4)
    let windows = source.windows(for: foreground, count: 300, random: &random)
    let counts = windows.map { foreground.count(in: $0) }
    #expect(counts.allSatisfy { Double($0) >= 0.6 * 24 } && counts.contains { $0 < 24 })
    #expect(windows.contains { $0.x1 < 0 } && windows.contains { $0.y2 > 19 })
    #expect(message { _ = try RandomWindowSource(enclosedShare: 0) } != "")
  }

  @Test func binaryLabels() throws {
    let map = try LabelMap(width: 6, height: 1, labels: [0, 3, 7, 255, 9, 200])
    #expect(CombinatorialCropping.binaryLabels(map, subset: [3, 9]) == [0, 1, 0, 255, 1, 0])
    // Neither background nor void can be made foreground.
    #expect(CombinatorialCropping.binaryLabels(map, subset: [0, 255]) == [0, 0, 0, 255, 0, 0])
  }
}
