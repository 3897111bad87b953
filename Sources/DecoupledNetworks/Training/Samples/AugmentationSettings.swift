import DecoupledBase
import DecoupledVision

/// How training images are changed at random; the defaults are those of the released training lists.
public struct AugmentationSettings: Sendable, Equatable {
  /// Side of the square that a window is resized to before the network's input is cut from it; nil for 350/320 of the input
  /// size.
  public var resizeTo: Int?
  /// Mirrors half of the samples.
  public var mirror = true
  /// Windows grow about their centre by a random factor between these two numbers; 1 and 1 leave them.
  public var scaleJitter: [Double] = [1, 1]
  /// Windows grow to squares, so that shapes keep their aspect as they do in prediction; the released data layer stretches
  /// them.
  public var square = false
  /// Brightness, contrast and saturation change by random factors of 1 - c to 1 + c; 0 leaves the colours.
  public var colourJitter = 0.0

  public init() {}

  /// The crop for a network.
  func crop(_ description: NetworkDescription) throws -> TrainingCrop {
    guard scaleJitter.count == 2, scaleJitter[0] <= scaleJitter[1] else {
      throw EngineError(.format, "scale_jitter needs two ascending numbers, not \(scaleJitter).")
    }
    let size = description.inputSize
    return try TrainingCrop(
      resizeTo: resizeTo ?? (size * 350 + 160) / 320, inputSize: size, mirror: mirror,
      scaleJitter: scaleJitter[0]...scaleJitter[1], square: square, colourJitter: colourJitter,
      preprocessing: description.preprocessing)
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension AugmentationSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case mirror, square
    case resizeTo = "resize_to"
    case scaleJitter = "scale_jitter"
    case colourJitter = "colour_jitter"
  }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "the augmentation")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    resizeTo = try values.decodeIfPresent(Int.self, forKey: .resizeTo)
    try values.read(.mirror, into: &mirror)
    try values.read(.square, into: &square)
    try values.read(.scaleJitter, into: &scaleJitter)
    try values.read(.colourJitter, into: &colourJitter)
  }
}
