import DecoupledBase
import DecoupledCore

/// The segmentation network (paper section 4.2): mirrors a trunk whose resolution is halved by pools with switches. Each stage
/// un-pools to the places of the maxima and fills the gaps by transposed convolutions.
struct Unpooling: MaskDecoder {
  static let tag = "unpooling"

  /// Transposed convolutions of each stage, finest first.
  private let convolutions: [Int]

  init(_ description: NetworkDescription) throws {
    convolutions = description.decoderConvolutions
  }

  func build(
    _ builder: inout LayerBuilder, activation: ValueID, features: TrunkFeatures, rowToImage: ValueID?, training: Bool
  ) throws -> DecodedScores {
    let pools = features.pools
    let description = builder.description
    guard pools.map(\.stride) == pools.indices.map({ 1 << $0 }), let last = features.taps.last,
      last.stride == 1 << pools.count
    else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': the decoder 'unpooling' needs a trunk that halves the image by 2x2 pools alone, which the trunk '\(description.trunk)' does not."
      )
    }
    guard convolutions.count == pools.count else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': decoder_convolutions needs one number for each of the \(pools.count) stages.")
    }
    var x = activation
    var stageInputs: [ValueID] = []
    for stage in pools.indices.reversed() {
      let size = description.inputSize >> stage
      stageInputs.append(x)
      x = try builder.graph.add1(
        MaxUnpool(outputSize: [size, size]), [x, pools[stage].switches, rowToImage], name: "unpool\(stage + 1)")
      for number in 1...convolutions[stage] {
        let suffix = "\(stage + 1)_\(number)"
        // The last one makes what the next finer un-pooling accepts.
        let isLast = number == convolutions[stage] && stage > 0
        let channels = pools[isLast ? stage - 1 : stage].channels
        x = try builder.deconvolution("deconv\(suffix)", x, out: channels, kernel: 3, pad: 1)
        x = try builder.normalization("debn\(suffix)", x, training: training)
        x = try builder.relu(x, name: "derelu\(suffix)")
      }
    }
    return DecodedScores(
      scores: try builder.convolution("seg_score", x, out: 2, kernel: 1), stageInputs: stageInputs)
  }
}
