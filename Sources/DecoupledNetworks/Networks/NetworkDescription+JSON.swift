import DecoupledCore
import DecoupledVision
import FoundationEssentials

extension NetworkDescription {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, family, trunk, head, decoder, classes, dropout, saliency, preprocessing
    case inputSize = "input_size"
    case stageChannels = "stage_channels"
    case stageConvolutions = "stage_convolutions"
    case decoderConvolutions = "decoder_convolutions"
    case fc6Kernel = "fc6_kernel"
    case fcWidth = "fc_width"
    case segmentationFcWidth = "segmentation_fc_width"
    case batchNormalizationEpsilon = "batch_normalization_epsilon"
    case classificationFiller = "classification_filler"
    case segmentationFiller = "segmentation_filler"
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    /// Not a setting itself: names the settings to start from.
    static let preset = AnyKey("preset")
  }

  /// Settings that are left out keep the values of the preset that `preset` names (`vgg16` when it is left out too);
  /// unknown ones are an error.
  public init(from decoder: any Decoder) throws {
    let known = Set(CodingKeys.allCases.map(\.rawValue) + [AnyKey.preset.stringValue])
    let any = try decoder.container(keyedBy: AnyKey.self)
    if let preset = try any.decodeIfPresent(String.self, forKey: .preset) {
      guard let base = NetworkDescription(preset: preset) else {
        throw DecodingError.dataCorruptedError(
          forKey: .preset, in: any,
          debugDescription: "'\(preset)' is not one of \(NetworkDescription.presetNames.joined(separator: ", ")).")
      }
      self = base
    }
    for key in any.allKeys where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [key], debugDescription: "there is no such setting of a network."))
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Content: Decodable>(_ key: CodingKeys, into target: inout Content) throws {
      if let value = try values.decodeIfPresent(Content.self, forKey: key) { target = value }
    }
    try read(.name, into: &name)
    try read(.family, into: &family)
    try read(.trunk, into: &trunk)
    try read(.head, into: &head)
    try read(.decoder, into: &self.decoder)
    try read(.classes, into: &classes)
    try read(.inputSize, into: &inputSize)
    try read(.stageChannels, into: &stageChannels)
    try read(.stageConvolutions, into: &stageConvolutions)
    if values.contains(.stageConvolutions) { decoderConvolutions = stageConvolutions }
    try read(.decoderConvolutions, into: &decoderConvolutions)
    try read(.fc6Kernel, into: &fc6Kernel)
    try read(.fcWidth, into: &fcWidth)
    try read(.segmentationFcWidth, into: &segmentationFcWidth)
    try read(.dropout, into: &dropout)
    try read(.batchNormalizationEpsilon, into: &batchNormalizationEpsilon)
    if let preset = try? values.decodeIfPresent(String.self, forKey: .saliency) {
      guard let form = SaliencyForm(preset: preset) else {
        throw DecodingError.dataCorruptedError(
          forKey: .saliency, in: values, debugDescription: "'\(preset)' is not one of paper, released, fp_bp.")
      }
      saliency = form
    } else {
      try read(.saliency, into: &saliency)
    }
    try read(.classificationFiller, into: &classificationFiller)
    try read(.segmentationFiller, into: &segmentationFiller)
    try read(.preprocessing, into: &preprocessing)
  }

  /// Writes every setting; tags only where they are not those of the paper's network, as files from before there were tags.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    let paper = NetworkDescription()
    func encode(tag: String, _ usual: String, _ key: CodingKeys) throws {
      if tag != usual { try values.encode(tag, forKey: key) }
    }
    try values.encode(name, forKey: .name)
    try encode(tag: family, paper.family, .family)
    try encode(tag: trunk, paper.trunk, .trunk)
    try encode(tag: head, paper.head, .head)
    try encode(tag: decoder, paper.decoder, .decoder)
    try values.encode(classes, forKey: .classes)
    try values.encode(inputSize, forKey: .inputSize)
    try values.encode(stageChannels, forKey: .stageChannels)
    try values.encode(stageConvolutions, forKey: .stageConvolutions)
    try values.encode(decoderConvolutions, forKey: .decoderConvolutions)
    try values.encode(fc6Kernel, forKey: .fc6Kernel)
    try values.encode(fcWidth, forKey: .fcWidth)
    try values.encode(segmentationFcWidth, forKey: .segmentationFcWidth)
    try values.encode(dropout, forKey: .dropout)
    try values.encode(batchNormalizationEpsilon, forKey: .batchNormalizationEpsilon)
    try values.encode(saliency, forKey: .saliency)
    try values.encode(classificationFiller, forKey: .classificationFiller)
    try values.encode(segmentationFiller, forKey: .segmentationFiller)
    try values.encode(preprocessing, forKey: .preprocessing)
  }

  /// The description as JSON with every setting.
  public func json() throws -> String {
    try JSONText.of(self, pretty: true)
  }

  private struct Stated: Decodable {
    let preprocessing: Preprocessing?
  }

  /// Whether a description file says how images are fed, instead of leaving it to the default.
  public static func saysPreprocessing(_ path: String) throws -> Bool {
    try JSONDecoder().decode(Stated.self, from: Data(try FileAccess.read(path))).preprocessing != nil
  }

  /// Reads a description from a JSON file.
  public static func read(_ path: String) throws -> NetworkDescription {
    let bytes = try FileAccess.read(path)
    do {
      let description = try JSONDecoder().decode(NetworkDescription.self, from: Data(bytes))
      try description.validate()
      return description
    } catch let error as EngineError {
      throw error
    } catch {
      throw EngineError(.format, "The network description '\(path)' cannot be used: \(JSONProblem.sentence(error))")
    }
  }
}
