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

  /// - Throws: `VisionError` when a size or range makes no sense.
  public init(
    resizeTo: Int = 350, inputSize: Int = 320, mirror: Bool = true, scaleJitter: ClosedRange<Double> = 1...1,
    square: Bool = false, colourJitter: Double = 0, preprocessing: Preprocessing = .caffeTraining
  ) throws {
    guard inputSize >= 1, resizeTo >= inputSize, resizeTo <= ImageLimits.side / 2 else {
      throw VisionError("A crop of \(inputSize) cannot be cut from \(resizeTo); resize to at least the input size.")
    }
    guard scaleJitter.lowerBound > 0, scaleJitter.upperBound <= 16, (0..<1).contains(colourJitter) else {
      throw VisionError(
        "Scale jitter \(scaleJitter) must lie in 0...16 without 0, colour jitter \(colourJitter) in 0..<1.")
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
  /// - Throws: `VisionError` when mask and image differ in size or the window is empty or too large.
  public func sample(
    image: RGBImage, mask: LabelMap? = nil, window: Window, random: inout CounterRandom
  ) throws -> Sample {
    if let mask, mask.width != image.width || mask.height != image.height {
      throw VisionError(
        "The mask has the size \(mask.width)x\(mask.height), "
          + "its photo \(image.width)x\(image.height); they must be equal."
      )
    }
    var window = window
    if square { window = window.squared(random: &random) }
    if scaleJitter != 1...1 { window = window.scaled(by: random.uniform(scaleJitter)) }
    let left = random.int(0...(resizeTo - inputSize))
    let top = random.int(0...(resizeTo - inputSize))
    let mirrored = mirror && random.bool()
    let square = Window(x1: left, y1: top, x2: left + inputSize - 1, y2: top + inputSize - 1)
    var crop = try Resampling.resizeLinear(image.cut(window), width: resizeTo, height: resizeTo).cut(square)
    if colourJitter > 0 { ColourJitter(strength: colourJitter, random: &random).apply(to: &crop) }
    let labels = try mask.map { mask in
      let cut = try Resampling.resizeNearest(mask.cut(window), width: resizeTo, height: resizeTo).cut(square)
      return mirrored ? cut.mirrored() : cut
    }
    return Sample(input: preprocessing.trainingInput(crop, mirrored: mirrored), mask: labels)
  }
}

/// The crop of phase 1 (classification): the whole image through the same steps, without a mask.
public struct ClassificationCrop: Sendable, Equatable, Codable {
  public let crop: TrainingCrop

  public init(_ crop: TrainingCrop) { self.crop = crop }

  /// The input, shape (3, inputSize, inputSize).
  /// - Throws: `VisionError` when scale jitter makes the window too large.
  public func input(_ image: RGBImage, random: inout CounterRandom) throws -> [Float] {
    let window = Window(width: image.width, height: image.height)
    return try crop.sample(image: image, window: window, random: &random).input
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
