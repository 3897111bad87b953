import DecoupledBase

/// From a window of a photo to a network input, as the training data layer of the paper's authors does it:
/// cut, resize ignoring the aspect, cut a random square, mirror half of the time, normalise.
public struct TrainingCrop: Sendable, Equatable, Codable {
  /// Side of the square the window is resized to (350 for an input of 320).
  public let resizeTo: Int
  /// Side of the network input, cut at a random place.
  public let inputSize: Int
  /// Mirrors half of the samples.
  public let mirror: Bool
  /// The window is enlarged about its centre by a random factor of this range; 1...1 leaves it.
  public let scaleJitter: ClosedRange<Double>
  /// The window grows to a square first, at a random place, so that shapes keep their aspect as they do in prediction. Off
  /// in the released data layer.
  public let square: Bool
  /// Brightness, contrast and saturation change by random factors of 1 - c ... 1 + c; 0 leaves the colours.
  public let colourJitter: Double
  public let preprocessing: Preprocessing

  /// - Throws: `EngineError` when a size or range makes no sense.
  public init(
    resizeTo: Int = 350, inputSize: Int = 320, mirror: Bool = true, scaleJitter: ClosedRange<Double> = 1...1,
    square: Bool = false, colourJitter: Double = 0, preprocessing: Preprocessing = .caffeTraining
  ) throws {
    guard inputSize >= 1, resizeTo >= inputSize, resizeTo <= ImageLimits.side / 2 else {
      throw EngineError(
        .format, "A crop of \(inputSize) cannot be cut from \(resizeTo); resize to at least the input size.")
    }
    guard scaleJitter.lowerBound > 0, scaleJitter.upperBound <= 16, (0..<1).contains(colourJitter) else {
      throw EngineError(
        .format, "Scale jitter \(scaleJitter) must lie in 0...16 without 0, colour jitter \(colourJitter) in 0..<1.")
    }
    self.resizeTo = resizeTo
    self.inputSize = inputSize
    self.mirror = mirror
    self.scaleJitter = scaleJitter
    self.square = square
    self.colourJitter = colourJitter
    self.preprocessing = preprocessing
  }

  /// Absent settings take the defaults; wrong ones are errors.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      resizeTo: values.decodeIfPresent(Int.self, forKey: .resizeTo) ?? 350,
      inputSize: values.decodeIfPresent(Int.self, forKey: .inputSize) ?? 320,
      mirror: values.decodeIfPresent(Bool.self, forKey: .mirror) ?? true,
      scaleJitter: values.decodeIfPresent(ClosedRange<Double>.self, forKey: .scaleJitter) ?? 1...1,
      square: values.decodeIfPresent(Bool.self, forKey: .square) ?? false,
      colourJitter: values.decodeIfPresent(Double.self, forKey: .colourJitter) ?? 0,
      preprocessing: values.decodeIfPresent(Preprocessing.self, forKey: .preprocessing) ?? .caffeTraining)
  }

  /// One sample.
  public struct Sample: Sendable {
    /// Shape (3, inputSize, inputSize), normalised.
    public let input: [Float]
    /// The labels at the same places, when a mask was given.
    public let mask: LabelMap?
  }

  /// Makes a sample.
  /// - Parameters:
  ///   - window: the part of the image to show; outside of the image it is black, and void in the mask.
  ///   - random: numbers for this sample.
  /// - Throws: `EngineError` when mask and image differ in size or the window is empty or too large.
  public func sample(
    image: RGBImage, mask: LabelMap? = nil, window: Window, random: inout CounterRandom
  ) throws -> Sample {
    try checkSizes(image, mask)
    var window = window
    if square { window = window.squared(random: &random) }
    if scaleJitter != 1...1 { window = window.scaled(by: random.uniform(scaleJitter)) }
    let offsets = 0...(resizeTo - inputSize)
    let placement = Placement(
      left: random.int(offsets), top: random.int(offsets), mirrored: mirror && random.bool())
    let jitter = colourJitter > 0 ? ColourJitter(strength: colourJitter, random: &random) : nil
    return try cut(image: image, mask: mask, window: window, at: placement, jitter: jitter)
  }

  /// Makes the sample at a known place, as the data layer does once it has drawn its random numbers.
  /// - Throws: `EngineError` when mask and image differ in size, the window is empty or too large, or the place is outside
  ///   of the resized window.
  public func sample(
    image: RGBImage, mask: LabelMap? = nil, window: Window, at placement: Placement
  ) throws -> Sample {
    let offsets = 0...(resizeTo - inputSize)
    guard offsets.contains(placement.left), offsets.contains(placement.top) else {
      throw EngineError(
        .format, "A crop at (\(placement.left), \(placement.top)) leaves the window, which allows \(offsets).")
    }
    try checkSizes(image, mask)
    return try cut(image: image, mask: mask, window: window, at: placement, jitter: nil)
  }

  /// Where the input is cut from the resized window.
  public struct Placement: Sendable, Equatable {
    /// Offsets in pixels, 0...(resizeTo - inputSize).
    public var left: Int
    public var top: Int
    public var mirrored: Bool

    public init(left: Int, top: Int, mirrored: Bool) {
      self.left = left
      self.top = top
      self.mirrored = mirrored
    }
  }

  private func checkSizes(_ image: RGBImage, _ mask: LabelMap?) throws {
    if let mask, mask.width != image.width || mask.height != image.height {
      throw EngineError(
        .format,
        "The mask has the size \(mask.width)x\(mask.height), "
          + "its photo \(image.width)x\(image.height); they must be equal."
      )
    }
  }

  private func cut(
    image: RGBImage, mask: LabelMap?, window: Window, at placement: Placement, jitter: ColourJitter?
  ) throws -> Sample {
    let square = Window(
      x1: placement.left, y1: placement.top, x2: placement.left + inputSize - 1, y2: placement.top + inputSize - 1)
    var crop = try Resampling.resizeLinear(image.cut(window), width: resizeTo, height: resizeTo).cut(square)
    jitter?.apply(to: &crop)
    let labels = try mask.map { mask in
      let cut = try Resampling.resizeNearest(mask.cut(window), width: resizeTo, height: resizeTo).cut(square)
      return placement.mirrored ? cut.mirrored() : cut
    }
    return Sample(input: preprocessing.trainingInput(crop, mirrored: placement.mirrored), mask: labels)
  }
}

extension LabelMap {
  /// Left and right exchanged.
  public func mirrored() -> LabelMap {
    var result = LabelMap(width: width, height: height)
    labels.withUnsafeBufferPointer { source in
      result.labels.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          for x in 0..<width { target[y * width + x] = source[(y + 1) * width - 1 - x] }
        }
      }
    }
    return result
  }
}

/// Random brightness, contrast and saturation, in this order.
private struct ColourJitter {
  let brightness: Float
  let contrast: Float
  let saturation: Float

  init(strength: Double, random: inout CounterRandom) {
    let range = (1 - strength)...(1 + strength)
    brightness = Float(random.uniform(range))
    contrast = Float(random.uniform(range))
    saturation = Float(random.uniform(range))
  }

  func apply(to image: inout RGBImage) {
    let count = image.width * image.height
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      var sum = 0
      for value in pixels { sum += Int(value) }
      let mean = brightness * Float(sum) / Float(3 * count)
      for i in 0..<count {
        var colour = SIMD3<Float>(Float(pixels[3 * i]), Float(pixels[3 * i + 1]), Float(pixels[3 * i + 2]))
        colour = (colour * brightness - mean) * contrast + mean
        // Luma by ITU-R BT.601.
        let grey = 0.299 * colour.x + 0.587 * colour.y + 0.114 * colour.z
        colour = ((colour - grey) * saturation + grey).clamped(
          lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 255))
        for c in 0..<3 { pixels[3 * i + c] = UInt8(colour[c].rounded()) }
      }
    }
  }
}
