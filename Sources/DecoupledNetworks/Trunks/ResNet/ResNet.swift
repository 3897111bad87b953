import DecoupledBase
import DecoupledCore

/// Residual networks (He et al. 2016) with the layers and names of torchvision's, whose weights load by name. Normalisations are in
/// inference form: pretrained statistics stay, also while the weights train on.
struct ResNet: Trunk {
  /// What a variant is made of: blocks of each of the four stages, of two 3x3 convolutions or of a bottleneck of three.
  private struct Variant {
    let blocks: [Int]
    let isBottleneck: Bool
  }

  private static let variants: [String: Variant] = [
    "resnet18": Variant(blocks: [2, 2, 2, 2], isBottleneck: false),
    "resnet34": Variant(blocks: [3, 4, 6, 3], isBottleneck: false),
    "resnet50": Variant(blocks: [3, 4, 6, 3], isBottleneck: true),
  ]
  static let tags = ["resnet18", "resnet34", "resnet50"]

  /// torchvision adds this to variances.
  private static let epsilon = 1e-5

  private let variant: Variant

  init(_ description: NetworkDescription) throws {
    guard let variant = Self.variants[description.trunk] else {
      throw EngineError.noSuch(part: "trunk", description.trunk, of: Self.tags, description)
    }
    guard description.inputSize > 0, description.inputSize <= 4096, description.inputSize % 32 == 0 else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': input_size must be a multiple of 32 up to 4096, not \(description.inputSize).")
    }
    self.variant = variant
  }

  func build(_ builder: inout LayerBuilder, image: ValueID) throws -> TrunkFeatures {
    builder.epsilon = Self.epsilon
    var x = try normalized(&builder, "conv1", "bn1", image, out: 64, kernel: 7, stride: 2)
    x = try builder.relu(x, name: "relu")
    var taps = [TrunkFeatures.Tap(stride: 2, value: x)]
    x = try builder.graph.add1(MaxPool(SlidingWindow(3, stride: 2, pad: 1)), [x], name: "maxpool")
    for (stage, count) in variant.blocks.enumerated() {
      for block in 0..<count {
        let name = "layer\(stage + 1).\(block)"
        x = try self.block(&builder, name, x, width: 64 << stage, stride: stage > 0 && block == 0 ? 2 : 1)
      }
      taps.append(.init(stride: 4 << stage, value: x))
    }
    return TrunkFeatures(taps: taps, pools: [], output: x)
  }

  private func block(
    _ builder: inout LayerBuilder, _ name: String, _ x: ValueID, width: Int, stride: Int
  ) throws -> ValueID {
    let out = variant.isBottleneck ? 4 * width : width
    // kernel, stride and channels of each convolution; torchvision strides in the 3x3 one of a bottleneck.
    let layers =
      variant.isBottleneck ? [(1, 1, width), (3, stride, width), (1, 1, out)] : [(3, stride, out), (3, 1, out)]
    var y = x
    for (index, (kernel, stride, channels)) in layers.enumerated() {
      if index > 0 { y = try builder.relu(y, name: "\(name).relu\(index)") }
      y = try normalized(
        &builder, "\(name).conv\(index + 1)", "\(name).bn\(index + 1)", y, out: channels, kernel: kernel, stride: stride
      )
    }
    var shortcut = x
    if stride != 1 || builder.channels(x) != out {
      shortcut = try normalized(
        &builder, "\(name).downsample.0", "\(name).downsample.1", x, out: out, kernel: 1, stride: stride)
    }
    let sum = try builder.graph.add1(Add(), [y, shortcut], name: "\(name).add")
    return try builder.relu(sum, name: name)
  }

  private func normalized(
    _ builder: inout LayerBuilder, _ convolution: String, _ normalization: String, _ x: ValueID, out: Int, kernel: Int,
    stride: Int
  ) throws -> ValueID {
    let y = try builder.convolution(
      convolution, x, out: out, kernel: kernel, pad: kernel / 2, stride: stride, bias: false)
    return try builder.normalization(normalization, y, training: false)
  }
}
