import DecoupledBase

/// How a photograph becomes the input of a network: channel order, scale, mean and deviation.
///
/// Each value becomes `(v * scale - mean[c]) / deviation[c]` with v in 0...255 and c counted in the network's channel
/// order.
public struct Preprocessing: SettingGroup {
  /// The order of the network's input channels.
  public enum ChannelOrder: String, SettingChoice {
    case rgb, bgr
  }

  public private(set) var channelOrder: ChannelOrder
  /// What a value is multiplied by before the mean is subtracted.
  public private(set) var scale: Float
  /// Three means in the network's channel order.
  public private(set) var mean: [Float]
  /// Three divisors in the network's channel order.
  public private(set) var deviation: [Float]

  /// - Throws: `EngineError` unless there are three finite means and three finite deviations above 0.
  public init(
    channelOrder: ChannelOrder, scale: Float = 1, mean: [Float], deviation: [Float] = [1, 1, 1]
  ) throws {
    self.init(order: channelOrder, scale: scale, mean: mean, deviation: deviation)
    if let problem { throw EngineError(.format, "Preprocessing \(problem)") }
  }

  /// The released inference script's, see `caffe`.
  public init() { self = .caffe }

  private init(order: ChannelOrder, scale: Float, mean: [Float], deviation: [Float]) {
    channelOrder = order
    self.scale = scale
    self.mean = mean
    self.deviation = deviation
  }

  /// - Throws: also `EngineError`, when the numbers cannot work.
  public init(from decoder: any Decoder) throws {
    self.init()
    try read(from: decoder)
    if let problem { throw EngineError(.format, "Preprocessing \(problem)") }
  }

  public static let groupName = "the preprocessing"
  public static let settings: [Setting<Self>] = [
    .choice("channelOrder", \.channelOrder, "The order of the network's input channels.", isRequired: true),
    .value("scale", \.scale, "a number", "What a value of 0 to 255 is multiplied by before the mean is subtracted."),
    .value("mean", \.mean, "three numbers", "Means, in the network's channel order.", isRequired: true),
    .value("deviation", \.deviation, "three numbers above 0", "Divisors, in the network's channel order."),
  ]

  public var conflict: String? {
    mean.count == 3 && deviation.count == 3 && (mean + deviation + [scale]).allSatisfy(\.isFinite)
      && deviation.allSatisfy { $0 > 0 }
      ? nil : "needs 3 means and 3 deviations above 0, not mean \(mean), deviation \(deviation)."
  }

  /// The released inference script: BGR minus the ILSVRC mean pixel.
  public static let caffe = Preprocessing(
    order: .bgr, scale: 1, mean: [104.00698793, 116.66876762, 122.67891434], deviation: [1, 1, 1])

  /// The released training lists, whose mean differs in the third digit.
  public static let caffeTraining = Preprocessing(
    order: .bgr, scale: 1, mean: [104.008, 116.669, 122.675], deviation: [1, 1, 1])

  /// As `caffe`, divided so that the values have a deviation near 1: what networks without normalisation learn from when
  /// they start from drawn weights.
  public static let unitDeviation = Preprocessing(
    order: .bgr, scale: 1, mean: [104.00698793, 116.66876762, 122.67891434], deviation: [60, 60, 60])

  /// RGB in 0...1, normalised by the ILSVRC mean and deviation.
  public static let torchvision = Preprocessing(
    order: .rgb, scale: 1 / 255, mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])

  /// Where channel `c` of the network is in an RGB image.
  private func source(of channel: Int) -> Int { channelOrder == .rgb ? channel : 2 - channel }

  /// The input of the released inference procedure, shape (3, size, size): the photo is padded with black at the bottom
  /// and the right to a square, resized by MATLAB's antialiased bilinear rule in double without rounding, then
  /// normalised.
  /// - Throws: `EngineError` when the size is refused.
  public func inferenceInput(_ image: RGBImage, size: Int) throws -> [Float] {
    try ImageLimits.check(width: size, height: size, what: "The network input")
    if image.width == size, image.height == size { return normalized(image) }
    let side = max(image.width, image.height)
    let plan = PlaneResizer(
      height: side, width: side, content: (image.height, image.width), outHeight: size, outWidth: size,
      kernel: .bilinear, antialias: true)
    var input = [Float](repeating: 0, count: 3 * size * size)
    for channel in 0..<3 {
      let plane = plan.resize(image, channel: source(of: channel))
      let (factor, shift, divisor) = (Double(scale), Double(mean[channel]), Double(deviation[channel]))
      let start = channel * size * size
      plane.withUnsafeBufferPointer { source in
        input.withUnsafeMutableBufferPointer { target in
          for i in 0..<(size * size) { target[start + i] = Float((source[i] * factor - shift) / divisor) }
        }
      }
    }
    return input
  }

  /// The input for an image of the network's size, in the same precision.
  private func normalized(_ image: RGBImage) -> [Float] {
    let count = image.width * image.height
    return [Float](unsafeUninitializedCapacity: 3 * count) { target, initialized in
      for channel in 0..<3 {
        let (factor, shift, divisor) = (Double(scale), Double(mean[channel]), Double(deviation[channel]))
        let values = (0...255).map { Float((Double($0) * factor - shift) / divisor) }
        let from = source(of: channel)
        image.pixels.withUnsafeBufferPointer { pixels in
          values.withUnsafeBufferPointer { values in
            for i in 0..<count { target[channel * count + i] = values[Int(pixels[3 * i + from])] }
          }
        }
      }
      initialized = 3 * count
    }
  }

  /// The input for a crop that already has the network's size, shape (3, height, width); `mirrored` swaps left and
  /// right.
  public func trainingInput(_ crop: RGBImage, mirrored: Bool = false) -> [Float] {
    let (width, height) = (crop.width, crop.height)
    var input = [Float](repeating: 0, count: 3 * width * height)
    crop.pixels.withUnsafeBufferPointer { source in
      input.withUnsafeMutableBufferPointer { target in
        for channel in 0..<3 {
          let (factor, shift, divisor) = (scale, mean[channel], deviation[channel])
          let from = self.source(of: channel)
          for y in 0..<height {
            let row = (channel * height + y) * width
            for x in 0..<width {
              let column = mirrored ? width - 1 - x : x
              target[row + x] = (Float(source[3 * (y * width + column) + from]) * factor - shift) / divisor
            }
          }
        }
      }
    }
    return input
  }
}
