import DecoupledBase
import DecoupledCore

/// VGG (Simonyan and Zisserman 2015): stages of 3x3 convolutions, each ending with a 2x2 pool. The paper's trunk has the five
/// stages of VGG-16 (section 4.1).
struct VGG: Trunk {
  static let tags = ["vgg"]

  private let channels: [Int]
  private let convolutions: [Int]
  /// Pixels of zeros around the image; 1 keeps its size. FCN pads by 100 (Long et al. 2015).
  var firstPad = 1
  /// Whether pools take in windows that reach over the edge.
  var ceils = false

  init(_ description: NetworkDescription) throws {
    channels = description.stageChannels
    convolutions = description.stageConvolutions
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw EngineError(.invalidArgument, "Network '\(description.name)': \(message())") }
    }
    let stages = description.stages
    try check((1...8).contains(stages), "stage_channels has \(stages) entries; 1 to 8 stages are possible.")
    try check(
      convolutions.count == stages, "stage_convolutions needs one number for each of the \(stages) stages.")
    try check(
      description.inputSize % (1 << stages) == 0,
      "input_size must be a multiple of \(1 << stages) up to 4096, not \(description.inputSize).")
  }

  func build(_ builder: inout LayerBuilder, image: ValueID) throws -> TrunkFeatures {
    var x = image
    var taps: [TrunkFeatures.Tap] = []
    var pools: [TrunkFeatures.Pool] = []
    for stage in channels.indices {
      for number in 1...convolutions[stage] {
        let suffix = "\(stage + 1)_\(number)"
        let pad = stage == 0 && number == 1 ? firstPad : 1
        x = try builder.convolution("conv\(suffix)", x, out: channels[stage], kernel: 3, pad: pad)
        x = try builder.relu(x, name: "relu\(suffix)")
      }
      taps.append(.init(stride: 1 << stage, value: x))
      let window = SlidingWindow(2, stride: 2)
      let pooled = try builder.graph.add(MaxPool(window, ceilMode: ceils), [x], name: "pool\(stage + 1)")
      x = pooled[0]
      pools.append(.init(stride: 1 << stage, switches: pooled[1], channels: channels[stage]))
    }
    taps.append(.init(stride: 1 << channels.count, value: x))
    return TrunkFeatures(taps: taps, pools: pools, output: x)
  }
}
