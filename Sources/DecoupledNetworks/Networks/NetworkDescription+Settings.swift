import DecoupledBase

extension NetworkDescription: SettingGroup {
  public static let groupName = "a network"

  public static let settings: [Setting<Self>] = [
    .start(
      "preset", presetNames.joined(separator: ", "), "The network that all other settings change; vgg16 when left out.",
      NetworkDescription.init(preset:)),
    .value("name", \.name, "a text", "Name of the preset or recipe it came from."),
    .value("family", \.family, Families.all.map { $0.tag }.joined(separator: ", "), "The kind of network.")
      .writtenUnlessStandard(\.family),
    .value(
      "trunk", \.trunk, Trunks.all.flatMap { $0.tags }.joined(separator: ", "), "What turns the image into features."
    ).writtenUnlessStandard(\.trunk),
    .value("head", \.head, Heads.all.map { $0.tag }.joined(separator: ", "), "What turns features into class scores.")
      .writtenUnlessStandard(\.head),
    .value(
      "decoder", \.decoder, Decoders.all.map { $0.tag }.joined(separator: ", "),
      "What turns activation maps into masks."
    ).writtenUnlessStandard(\.decoder),
    .number(
      "classes", \.classes, .between(1, 254),
      "Object classes, background not counted; the command takes them from the data set."),
    .number(
      "saliency_tap", \.saliencyTap, .between(1, 256),
      "Pixels of the image for each cell of the features that the saliency is taken at; the trunk's last features when left out, where a head that averages would make it the same everywhere."
    ),
    .numbers(
      "decoder_widths", \.decoderWidths, .between(1, 65536),
      "Channels of the stages of the decoder upsampling, finest first: of the maps with 2, 4, 8... pixels a cell."
    ).writtenUnlessStandard(\.decoderWidths),
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

  /// - Throws: one sentence naming the first setting that cannot work.
  public func validate() throws {
    if let problem { throw EngineError(.invalidArgument, "Network '\(name)': \(problem)") }
    try Families.of(self).validate(self)
  }
}
