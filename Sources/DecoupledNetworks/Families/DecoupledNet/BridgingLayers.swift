import DecoupledCore

/// The bridging layers (paper section 4.3): pool5 and the class-specific saliency become class-specific activation maps.
struct BridgingLayers {
  /// The class-specific activation map g^l: fc6-deconv after normalisation and ReLU, [rows, C, h, w].
  let activation: ValueID

  /// How fc6-seg gets the features that all label rows of an image share.
  enum SpatialFeatures {
    /// pool5 with one row per label row, joined with the saliency: the plain procedure.
    case perRow(ValueID)
    /// fc6-seg split into a spatial half, computed once per image, and a class-specific half per row. Exact, because a
    /// convolution of joined inputs is the sum of two convolutions.
    case shared(pool: ValueID, rowToImage: ValueID)
  }

  /// - Parameter stride: pixels of the image for each cell of the features.
  static func build(
    _ builder: inout LayerBuilder, spatial: SpatialFeatures, stride: Int, saliency: ValueID, training: Bool
  ) throws -> BridgingLayers {
    let description = builder.description
    // Named after the number of halvings, as the released networks do, whose features are pool5.
    let pool = "pool\(stride.trailingZeroBitCount)"
    let (channels, width, kernel) = (
      builder.channels(saliency), description.segmentationFcWidth, description.fc6Kernel
    )
    let classSpecific = try builder.normalization("\(pool)_bp_bn", saliency, training: training)
    var x: ValueID
    switch spatial {
    case .perRow(let rows):
      let normalized = try builder.normalization("\(pool)_bn", rows, training: training)
      let joined = try builder.graph.add1(Concat(), [normalized, classSpecific], name: "\(pool)_concat")
      x = try builder.convolution("fc6_seg", joined, out: width, kernel: kernel)
    case .shared(let images, let rowToImage):
      let weight = try builder.weight(
        "fc6_seg", [width, 2 * channels, kernel, kernel], fanIn: 2 * channels * kernel * kernel)
      let bias = try builder.bias("fc6_seg", width)
      let halves = try [0..<channels, channels..<(2 * channels)].enumerated().map { number, range in
        try builder.graph.add1(Slice(axis: 1, range), [weight], name: "fc6_seg.weight/half-\(number)")
      }
      let normalized = try builder.normalization("\(pool)_bn", images, training: training)
      let window = SlidingWindow(kernel)
      let shared = try builder.graph.add1(Conv(window), [normalized, halves[0]], name: "fc6_seg/spatial")
      let classHalf = try builder.graph.add1(Conv(window), [classSpecific, halves[1], bias], name: "fc6_seg/class")
      x = try builder.graph.add1(Add(), [classHalf, shared, rowToImage], name: "fc6_seg")
    }
    x = try builder.relu(try builder.normalization("bnfc6_seg", x, training: training), name: "relu6_seg")
    x = try builder.convolution("fc7_seg", x, out: width, kernel: 1)
    x = try builder.relu(try builder.normalization("bnfc7_seg", x, training: training), name: "relu7_seg")
    x = try builder.deconvolution("fc6_deconv", x, out: channels, kernel: kernel)
    x = try builder.relu(try builder.normalization("fc6_deconv_bn", x, training: training), name: "activation")
    return BridgingLayers(activation: x)
  }
}
