import DecoupledCore

/// The segmentation network (paper section 4.2): a class-specific activation map becomes a foreground mask.
struct SegmentationNetwork {
  /// Scores [rows, 2, H, W]: background, foreground.
  let scores: ValueID
  /// What each stage un-pools, coarsest first: the activation map, then what the stage before gives.
  let stageInputs: [ValueID]

  /// - Parameters:
  ///   - switches: of the classification network's pools, finest first, one row per image.
  ///   - rowToImage: int32 [rows], nil when row r belongs to image r.
  static func build(
    _ builder: inout LayerBuilder, activation: ValueID, switches: [ValueID], rowToImage: ValueID?, training: Bool
  ) throws -> SegmentationNetwork {
    let description = builder.description
    var x = activation
    var stageInputs: [ValueID] = []
    for stage in (0..<description.stages).reversed() {
      let size = description.inputSize >> stage
      stageInputs.append(x)
      x = try builder.graph.add1(
        MaxUnpool(outputSize: [size, size]), [x, switches[stage], rowToImage], name: "unpool\(stage + 1)")
      for (number, channels) in description.decoderChannels(stage: stage).enumerated() {
        let suffix = "\(stage + 1)_\(number + 1)"
        x = try builder.deconvolution("deconv\(suffix)", x, out: channels, kernel: 3, pad: 1)
        x = try builder.normalization("debn\(suffix)", x, training: training)
        x = try builder.relu(x, name: "derelu\(suffix)")
      }
    }
    return SegmentationNetwork(
      scores: try builder.convolution("seg_score", x, out: 2, kernel: 1), stageInputs: stageInputs)
  }
}
