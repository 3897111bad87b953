import DecoupledVision
import Testing

@Suite struct ResamplingTests {
  private func plane() throws -> FloatImage {
    let given: Fixtures.Result = try Fixtures.expected("plane")
    return try FloatImage(width: given.width, height: given.height, channels: 1, values: given.values.map { Float($0) })
  }

  private func photo() throws -> RGBImage {
    let given: Fixtures.Result = try Fixtures.expected("rgb")
    return try RGBImage(width: given.width, height: given.height, pixels: given.values.map { UInt8($0) })
  }

  private func worst(_ values: [Float], _ expected: [Double]) -> Double {
    values.count == expected.count ? zip(values, expected).map { abs(Double($0) - $1) }.max() ?? 0 : .infinity
  }

  @Test func matlabRuleEqualsPillowOnMirroredPlanes() throws {
    let plane = try plane()
    let cases: [Fixtures.Result] = try Fixtures.expected("matlab")
    for item in cases {
      let kernel = try #require(item.kernel)
      let result = try Resampling.resize(plane, width: item.width, height: item.height, kernel: kernel)
      #expect(worst(result.values, item.values) < 2e-6, "\(kernel) to \(item.width)x\(item.height)")
    }
  }

  @Test func openCVLinear() throws {
    let cases: [Fixtures.Result] = try Fixtures.expected("linearFloat")
    for item in cases {
      let result = try Resampling.resizeLinear(plane(), width: item.width, height: item.height)
      #expect(worst(result.values, item.values) < 2e-6)
    }
    let photo = try photo()
    let bytes: [Fixtures.Result] = try Fixtures.expected("linear8")
    for item in bytes {
      let result = try Resampling.resizeLinear(photo, width: item.width, height: item.height)
      #expect(worst(result.pixels.map { Float($0) }, item.values) <= 1, "\(item.width)x\(item.height)")
    }
  }

  @Test func openCVNearest() throws {
    let photo = try photo()
    let map = try LabelMap(
      width: photo.width, height: photo.height,
      labels: stride(from: 0, to: photo.pixels.count, by: 3).map { photo.pixels[$0] })
    let cases: [Fixtures.Result] = try Fixtures.expected("nearest")
    for item in cases {
      let result = try Resampling.resizeNearest(map, width: item.width, height: item.height)
      #expect(result.labels == item.values.map { UInt8($0) }, "\(item.width)x\(item.height)")
    }
  }

  @Test func inferenceInput() throws {
    let cases: [Fixtures.Result] = try Fixtures.expected("inferenceInput")
    for item in cases {
      let input = try Preprocessing.caffe.inferenceInput(photo(), size: item.width)
      #expect(worst(input, item.values) < 2e-4)
    }
  }

  @Test func sameSizeAndConstantsStay() throws {
    let plane = try plane()
    #expect(try Resampling.resize(plane, width: 17, height: 11, kernel: .bicubic) == plane)
    let grey = RGBImage(width: 7, height: 5, fill: (200, 3, 255))
    for (width, height) in [(1, 1), (3, 2), (50, 60)] {
      let wanted = RGBImage(width: width, height: height, fill: (200, 3, 255))
      #expect(try Resampling.resize(grey, width: width, height: height, kernel: .bicubic) == wanted)
      #expect(try Resampling.resizeLinear(grey, width: width, height: height) == wanted)
    }
  }

  @Test func preprocessingFormula() throws {
    let image = RGBImage(width: 2, height: 1, fill: (10, 20, 30))
    let settings = try Preprocessing(channelOrder: .bgr, scale: 0.5, mean: [1, 2, 3], deviation: [2, 4, 8])
    #expect(settings.trainingInput(image) == [7, 7, 2, 2, 0.25, 0.25])
    #expect(
      try settings.inferenceInput(image, size: 2) == [7, 7, -0.5, -0.5, 2, 2, -0.5, -0.5, 0.25, 0.25, -0.375, -0.375])
    #expect(message { _ = try Preprocessing(channelOrder: .rgb, mean: [1, 2]) } != "")
  }
}
