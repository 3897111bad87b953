import DecoupledBase
import DecoupledVision

/// How training images are changed at random; the defaults are those of the released training lists.
public struct AugmentationSettings: SettingGroup {
  public var resizeTo: Int?
  public var mirror = true
  public var scaleJitter: [Double] = [1, 1]
  public var square = false
  public var colourJitter = 0.0

  public static let groupName = "the augmentation"
  public static let settings: [Setting<Self>] = [
    .number(
      "resize_to", \.resizeTo, .between(1, ImageLimits.side / 2),
      "Side of the square that a window is resized to before the network's input is cut from it; left out, 350/320 of the input size."
    ),
    .flag("mirror", \.mirror, "Mirrors half of the samples."),
    .flag(
      "square", \.square,
      "Windows grow to squares, so that shapes keep their aspect as they do in prediction; the released data layer stretches them."
    ),
    .interval(
      "scale_jitter", \.scaleJitter, .above(0, upTo: 16),
      "Windows grow about their centre by a random factor between these; 1 and 1 leave them."),
    .number(
      "colour_jitter", \.colourJitter, .atLeast(0, below: 1),
      "Brightness, contrast and saturation change by random factors of 1 - c to 1 + c; 0 leaves the colours."),
  ]

  public init() {}

  /// The crop for a network.
  func crop(_ description: NetworkDescription) throws -> TrainingCrop {
    if let problem { throw EngineError(.format, "Augmentation: \(problem)") }
    let size = description.inputSize
    return try TrainingCrop(
      resizeTo: resizeTo ?? (size * 350 + 160) / 320, inputSize: size, mirror: mirror,
      scaleJitter: scaleJitter[0]...scaleJitter[1], square: square, colourJitter: colourJitter,
      preprocessing: description.preprocessing)
  }
}
