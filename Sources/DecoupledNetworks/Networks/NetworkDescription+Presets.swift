extension NetworkDescription {
  /// Names of the networks that come with the engine.
  public static let presetNames = ["vgg16", "vgg16-small", "small", "tiny", "resnet18", "resnet50", "fcn32s"]

  /// A network by name, nil when there is none of that name.
  public init?(preset: String) {
    self.init()
    name = preset
    switch preset {
    case "vgg16":
      // The paper's network at 320x320: the defaults.
      break
    case "vgg16-small":
      // The paper's convolutions, so that VGG-16 weights load, with a light head and decoder: trains in an hour on a
      // plain processor.
      inputSize = 160
      decoderConvolutions = [1, 1, 1, 1, 1]
      fc6Kernel = 3
      fcWidth = 512
      segmentationFcWidth = 256
      classificationFiller = .he
      segmentationFiller = .he
    case "small":
      // Trains from scratch in minutes.
      inputSize = 96
      stageChannels = [24, 48, 64, 96, 128]
      stageConvolutions = [1, 1, 1, 1, 1]
      decoderConvolutions = [1, 1, 1, 1, 1]
      fc6Kernel = 3
      fcWidth = 192
      segmentationFcWidth = 192
      dropout = 0.5
      preprocessing = .unitDeviation
      classificationFiller = .he
      segmentationFiller = .he
    case "tiny":
      // For tests and for a first look at the interfaces.
      inputSize = 32
      stageChannels = [8, 16, 16]
      stageConvolutions = [1, 1, 1]
      decoderConvolutions = [1, 1, 1]
      fc6Kernel = 3
      fcWidth = 32
      segmentationFcWidth = 24
      dropout = 0
      preprocessing = .unitDeviation
      classificationFiller = .he
      segmentationFiller = .he
    case "resnet18", "resnet50":
      // A trunk with pretrained weights, which the decoder's finer stages read too.
      inputSize = 256
      trunk = preset
      head = "pooled"
      decoder = "upsampling"
      saliencyTap = 16
      decoderWidths = [32, 64, 96]
      fc6Kernel = 3
      segmentationFcWidth = 256
      preprocessing = .torchvision
      segmentationFiller = .he
      classificationFiller = .he
    case "fcn32s":
      // FCN-32s on VGG-16.
      family = "fcn"
    default: return nil
    }
  }
}
