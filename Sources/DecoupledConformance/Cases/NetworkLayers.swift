/// Layers of the paper's network at 320 x 320 and of the small one at 64 x 64, with their gradients (paper section 4, and the
/// supplementary tables of layers).
enum NetworkLayers {
  static var cases: [Case] { nodes.map { Case($0) } }

  private static func conv(
    _ inputs: Int, _ outputs: Int, _ size: Int, kernel: Int = 3, pad: Int = 1, batch: Int = 1
  ) -> NodeSpec {
    NodeSpec(
      .conv, [.tensor([batch, inputs, size, size]), .tensor([outputs, inputs, kernel, kernel]), .tensor([outputs])],
      [.integers("pads", [pad, pad, pad, pad])])
  }

  private static func deconv(
    _ input: InputSpec, _ inputs: Int, _ outputs: Int, kernel: Int = 3, pad: Int = 1
  ) -> NodeSpec {
    NodeSpec(
      .convTranspose, [input, .tensor([inputs, outputs, kernel, kernel]), .tensor([outputs])],
      [.integers("pads", [pad, pad, pad, pad])])
  }

  private static func weightGradient(_ inputs: Int, _ outputs: Int, _ size: Int, batch: Int = 1) -> NodeSpec {
    NodeSpec(
      .convWeightGradient, [.tensor([batch, inputs, size, size]), .tensor([batch, outputs, size, size])],
      [.integers("kernel_shape", [3, 3]), .integers("pads", [1, 1, 1, 1])])
  }

  private static func depthwise(_ channels: Int, _ size: Int, kernel: Int = 3, stride: Int = 1) -> NodeSpec {
    NodeSpec(
      .conv, [.tensor([1, channels, size, size]), .tensor([channels, 1, kernel, kernel]), .tensor([channels])],
      [
        .integers("strides", [stride, stride]), .integers("pads", [Int](repeating: kernel / 2, count: 4)),
        .integer("group", channels),
      ])
  }

  private static let relu = NodeSpec(.relu, [.previous(0)])
  private static let pool = NodeSpec(
    .maxPool, [.previous(0)], [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])])

  private static func normalization(_ channels: Int) -> NodeSpec {
    let parameter = InputSpec.tensor([channels])
    return NodeSpec(
      .batchNormalization, [.previous(0), parameter, parameter, parameter, parameter], [.real("epsilon", 1e-9)])
  }

  private static func unpool(_ channels: Int, _ size: Int, rows: Int, images: Int) -> NodeSpec {
    NodeSpec(
      .maxUnpool,
      [.tensor([rows, channels, size, size]), .tensor([images, channels, size, size]), .tensor([rows])],
      [.integers("output_shape", [2 * size, 2 * size])])
  }

  private static let nodes: [[NodeSpec]] = [
    [conv(3, 64, 320), relu], [conv(64, 64, 320), relu, pool], [conv(128, 128, 160), relu, pool],
    [conv(256, 256, 80), relu], [conv(512, 512, 40), relu], [conv(512, 512, 20), relu, pool],
    [conv(512, 4096, 10, kernel: 7, pad: 0), relu], [conv(4096, 4096, 4, kernel: 1, pad: 0), relu],
    [conv(4096, 20, 4, kernel: 1, pad: 0)],
    [deconv(.tensor([1, 4096, 4, 4]), 4096, 512, kernel: 7, pad: 0)],
    [deconv(.tensor([2, 2048, 4, 4]), 2048, 512, kernel: 7, pad: 0), normalization(512), relu],
    [unpool(512, 10, rows: 2, images: 1), deconv(.previous(0), 512, 512), normalization(512), relu],
    [unpool(128, 80, rows: 1, images: 1), deconv(.previous(0), 128, 128), normalization(128), relu],
    [unpool(256, 20, rows: 3, images: 2), deconv(.previous(0), 256, 128), relu],
    [unpool(64, 13, rows: 2, images: 3), deconv(.previous(0), 64, 32), normalization(32), relu],
    [unpool(32, 32, rows: 4, images: 4), deconv(.previous(0), 32, 32)],
    [deconv(.tensor([1, 64, 320, 320]), 64, 64), normalization(64), relu],
    [conv(64, 2, 320, kernel: 1, pad: 0)],
    [weightGradient(64, 64, 160)], [weightGradient(512, 512, 20)],
    [conv(16, 32, 32, batch: 8), relu, pool], [conv(32, 48, 27, batch: 3), normalization(48), relu, pool],
    [weightGradient(16, 32, 32, batch: 8)],
    [depthwise(96, 112), normalization(96), relu], [depthwise(96, 112, stride: 2), normalization(96), relu],
    [depthwise(240, 28, kernel: 5), normalization(240), relu],
    [
      NodeSpec(
        .convTranspose, [.tensor([1, 96, 56, 56]), .tensor([96, 1, 3, 3])],
        [
          .integers("strides", [2, 2]), .integers("pads", [1, 1, 1, 1]), .integers("output_padding", [1, 1]),
          .integer("group", 96),
        ])
    ],
    [
      NodeSpec(
        .convWeightGradient, [.tensor([2, 96, 112, 112]), .tensor([2, 96, 112, 112])],
        [.integers("kernel_shape", [3, 3]), .integers("pads", [1, 1, 1, 1]), .integer("group", 96)])
    ],
    [NodeSpec(.softmax, [.tensor([2, 2, 320, 320])])],
    [
      NodeSpec(
        .resize, [.tensor([1, 21, 320, 320])],
        [.integers("output_shape", [375, 500]), .integer("mode", 2), .flag("antialias", true)])
    ],
    [NodeSpec(.softmaxCrossEntropy, [.tensor([4, 2, 320, 320]), .tensor([4, 320, 320])])],
    [NodeSpec(.softmaxCrossEntropyGradient, [.tensor([1]), .tensor([4, 2, 320, 320]), .tensor([4, 320, 320])])],
  ]
}
