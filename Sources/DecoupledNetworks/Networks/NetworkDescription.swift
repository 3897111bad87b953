import DecoupledVision

/// Where the gradient of a pooled class score enters the score map (the seed of the class-specific saliency).
public enum SaliencyPlacement: String, Codable, Sendable, CaseIterable {
  /// 1/n^2 in every cell: the gradient of the average-pooled score.
  case average
  /// 1 in the cell with the largest score: the gradient of the max-pooled score.
  case max
}

/// What value is back-propagated for a class.
public enum SaliencySeed: String, Codable, Sendable, CaseIterable {
  /// 1: the gradient of the class score itself, Eq. (3).
  case one
  /// The sigmoid score: of the max head in training, of the average head in prediction, as the released networks do.
  case score
  /// The pooled score before the sigmoid.
  case raw
}

/// The two settings of the class-specific saliency, with the names of the three combinations in use.
public struct SaliencyForm: Codable, Sendable, Hashable {
  public var placement: SaliencyPlacement
  public var seed: SaliencySeed

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
    switch preset {
    case "paper": self = .paper
    case "released": self = .released
    case "fp_bp": self = .fpBp
    default: return nil
    }
  }
}

/// How new weights are drawn.
public enum Filler: String, Codable, Sendable, CaseIterable {
  /// Gaussian with standard deviation 0.01, as the paper's prototxts.
  case gaussian
  /// Gaussian with standard deviation sqrt(2 / fan-in) (He et al. 2015): trains from scratch without pretrained weights.
  case he
}

/// Everything that fixes a network: its family and its parts are chosen by their tags and built from it, and a model file
/// holds it whole. A setting that the chosen parts do not read has no effect.
public struct NetworkDescription: Codable, Sendable, Equatable {
  /// Name of the preset or recipe it came from.
  public var name = "vgg16"
  /// The kind of network, see `Families`.
  public var family = "decouplednet"
  /// Tags of the parts, see `Trunks`, `Heads` and `Decoders`.
  public var trunk = "vgg"
  public var head = "fully_convolutional"
  public var decoder = "unpooling"
  /// Number of object classes, background not counted.
  public var classes = 20
  /// Height and width of the input; a multiple of 2^stages.
  public var inputSize = 320
  /// Channels of each stage of the classification network; each stage ends with a 2x2 pool.
  public var stageChannels = [64, 128, 256, 512, 512]
  /// 3x3 convolutions in each stage.
  public var stageConvolutions = [2, 2, 3, 3, 3]
  /// 3x3 transposed convolutions in each stage of the segmentation network, in the order of `stageChannels`.
  public var decoderConvolutions = [2, 2, 3, 3, 3]
  /// Kernel of fc6, fc6-seg and fc6-deconv.
  public var fc6Kernel = 7
  /// Channels of fc6 and fc7.
  public var fcWidth = 4096
  /// Channels of fc6-seg and fc7-seg.
  public var segmentationFcWidth = 2048
  /// Share of fc6's and fc7's values dropped while the classification network trains.
  public var dropout = 0.5
  /// Added to the variance in every batch normalisation. 1e-9 as released: pool5-bp's variance is about 1e-7.
  public var batchNormalizationEpsilon = 1e-9
  public var saliency = SaliencyForm.paper
  /// How weights that are not loaded are drawn.
  public var classificationFiller = Filler.gaussian
  public var segmentationFiller = Filler.gaussian
  /// Channel order, mean and scale of the input.
  public var preprocessing = Preprocessing.caffe

  public init() {}

  public var stages: Int { stageChannels.count }
}
