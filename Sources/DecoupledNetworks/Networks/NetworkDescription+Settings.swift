import DecoupledCore
import DecoupledVision

extension NetworkDescription: SettingGroup {
  public static let groupName = "a network"

  public static let settings: [Setting<Self>] = [
    .start(
      "preset", presetNames.joined(separator: ", "), "The network that all other settings change; vgg16 when left out.",
      NetworkDescription.init(preset:)),
    .value("name", \.name, "a text", "Name of the preset or recipe it came from."),
    .number(
      "classes", \.classes, .between(1, 254),
      "Object classes, background not counted; the command takes them from the data set."),
    .number("input_size", \.inputSize, .between(1, 4096), "Height and width of the input; a multiple of 2^stages."),
    .numbers(
      "stage_channels", \.stageChannels, .between(1, 65536),
      "Channels of each stage of the classification network; each stage ends with a 2x2 pool."),
    .numbers(
      "stage_convolutions", \.stageConvolutions, .between(1, 16),
      "3x3 convolutions in each stage; those of the decoder are as many unless they are given too."
    ).alsoSetting { $0.decoderConvolutions = $0.stageConvolutions },
    .numbers(
      "decoder_convolutions", \.decoderConvolutions, .between(1, 16),
      "3x3 transposed convolutions in each stage of the segmentation network, in the order of stage_channels."),
    .number("fc6_kernel", \.fc6Kernel, .between(1, 4096), "Kernel of fc6, fc6-seg and fc6-deconv."),
    .number("fc_width", \.fcWidth, .between(1, 65536), "Channels of fc6 and fc7."),
    .number("segmentation_fc_width", \.segmentationFcWidth, .between(1, 65536), "Channels of fc6-seg and fc7-seg."),
    .number(
      "dropout", \.dropout, .atLeast(0, below: 1),
      "Share of fc6's and fc7's values dropped while the classification network trains."),
    .number(
      "batch_normalization_epsilon", \.batchNormalizationEpsilon, .atLeast(0, below: 1),
      "Added to the variance in every batch normalisation, 1e-9 as released: the variance of pool5-bp is about 1e-7."),
    .group("saliency", \.saliency, "The class-specific saliency; the name of a form or its two settings."),
    .choice(
      "classification_filler", \.classificationFiller,
      "How weights of the classification network that are not loaded are drawn: with deviation 0.01 as in the paper's prototxts, or sqrt(2 / fan-in) (He et al. 2015), which trains from scratch."
    ),
    .choice(
      "segmentation_filler", \.segmentationFiller,
      "The same for the bridging layers and the segmentation network."),
    .group("preprocessing", \.preprocessing, anew: true, "Channel order, mean and scale of the input."),
  ]

  public var conflict: String? {
    guard (1...8).contains(stages) else {
      return "stage_channels has \(stages) entries; 1 to 8 stages are possible."
    }
    guard stageConvolutions.count == stages && decoderConvolutions.count == stages else {
      return "stage_convolutions and decoder_convolutions need one number for each of the \(stages) stages."
    }
    guard inputSize % (1 << stages) == 0 else {
      return "input_size must be a multiple of \(1 << stages) up to 4096, not \(inputSize)."
    }
    guard scoreMapSize > 0 else {
      return "an fc6_kernel of \(fc6Kernel) does not fit into the \(poolSize)x\(poolSize) map behind the last pool."
    }
    return nil
  }

  /// - Throws: one sentence naming the first setting that cannot work.
  public func validate() throws {
    if let problem { throw EngineError(.invalidArgument, "Network '\(name)': \(problem)") }
  }
}
