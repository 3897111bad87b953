import DecoupledBase
import DecoupledVision

/// Where the gradient of a pooled class score enters the score map (the seed of the class-specific saliency).
public enum SaliencyPlacement: String, SettingChoice {
  /// 1/n^2 in every cell: the gradient of the average-pooled score.
  case average
  /// 1 in the cell with the largest score: the gradient of the max-pooled score.
  case max
}

/// What value is back-propagated for a class.
public enum SaliencySeed: String, SettingChoice {
  /// 1: the gradient of the class score itself, Eq. (3).
  case one
  /// The sigmoid score: of the max head in training, of the average head in prediction, as the released networks do.
  case score
  /// The pooled score before the sigmoid.
  case raw
}

/// The two settings of the class-specific saliency, with the names of the three combinations in use.
public struct SaliencyForm: SettingGroup, Hashable {
  public var placement: SaliencyPlacement
  public var seed: SaliencySeed

  public static let groupName = "the saliency"
  public static let settings: [Setting<Self>] = [
    .choice(
      "placement", \.placement,
      "Where the gradient of a pooled class score enters the score map: the same in every cell, or in the cell with the largest score.",
      isRequired: true),
    .choice(
      "seed", \.seed,
      "What is back-propagated for a class: 1 as in Eq. (3), the sigmoid score as the released networks do, or the score before the sigmoid.",
      isRequired: true),
  ]
  public static let presets = [
    (name: "paper", group: paper), (name: "released", group: released), (name: "fp_bp", group: fpBp),
  ]

  /// Eq. (3) of the paper.
  public init() { self = .paper }

  public init(placement: SaliencyPlacement, seed: SaliencySeed) {
    self.placement = placement
    self.seed = seed
  }

  /// Eq. (3) of the paper: the gradient of the score before the sigmoid.
  public static let paper = SaliencyForm(placement: .average, seed: .one)
  /// What the authors' released networks compute.
  public static let released = SaliencyForm(placement: .max, seed: .score)
  /// The form of the authors' fp_bp_network.
  public static let fpBp = SaliencyForm(placement: .average, seed: .raw)

  /// - Returns: nil when there is no such preset.
  public init?(preset: String) {
    guard let form = Self.presets.first(where: { $0.name == preset }) else { return nil }
    self = form.group
  }
}

/// How new weights are drawn.
public enum Filler: String, SettingChoice {
  /// Gaussian with standard deviation 0.01, as the paper's prototxts.
  case gaussian
  /// Gaussian with standard deviation sqrt(2 / fan-in) (He et al. 2015): trains from scratch without pretrained weights.
  case he
}

/// Everything that fixes a network: its family and its parts are chosen by their tags and built from it, and a model file
/// holds it whole. A setting that the chosen parts do not read has no effect.
public struct NetworkDescription: Sendable, Equatable {
  public var name = "vgg16"
  public var family = "decouplednet"
  public var trunk = "vgg"
  public var head = "fully_convolutional"
  public var decoder = "unpooling"
  public var saliencyTap: Int?
  public var decoderWidths: [Int] = []
  public var classes = 20
  public var inputSize = 320
  public var stageChannels = [64, 128, 256, 512, 512]
  public var stageConvolutions = [2, 2, 3, 3, 3]
  public var decoderConvolutions = [2, 2, 3, 3, 3]
  public var fc6Kernel = 7
  public var fcWidth = 4096
  public var segmentationFcWidth = 2048
  public var dropout = 0.5
  public var batchNormalizationEpsilon = 1e-9
  public var saliency = SaliencyForm.paper
  public var classificationFiller = Filler.gaussian
  public var segmentationFiller = Filler.gaussian
  public var preprocessing = Preprocessing.caffe

  public init() {}

  public var stages: Int { stageChannels.count }
}
