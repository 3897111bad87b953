import DecoupledBase
import DecoupledCore

/// A decoder for trunks without switches: each stage doubles the resolution by linear interpolation, joins the trunk's features of
/// that resolution, and convolves. The features belong to the image: their half of a stage's first convolution is computed once for
/// all label passes.
struct Upsampling: MaskDecoder {
  static let tag = "upsampling"

  /// Channels of each stage, finest first: of the maps with 2, 4, 8... pixels a cell.
  private let widths: [Int]

  init(_ description: NetworkDescription) throws {
    widths = description.decoderWidths
    guard !widths.isEmpty, widths.allSatisfy((1...65536).contains) else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': the decoder 'upsampling' needs decoder_widths between 1 and 65536.")
    }
  }

  func build(
    _ builder: inout LayerBuilder, activation: ValueID, features: TrunkFeatures, rowToImage: ValueID?, training: Bool
  ) throws -> DecodedScores {
    let size = builder.description.inputSize
    var stride = size / builder.graph[activation].type.shape[2]
    guard stride == 2 << widths.count else {
      throw EngineError(
        .invalidArgument,
        "Network '\(builder.description.name)': decoder_widths needs a width for each of 2, 4... pixels a cell below the \(stride) of the activation map, not \(widths.count)."
      )
    }
    var x = activation
    var stageInputs: [ValueID] = []
    for width in widths.reversed() {
      stageInputs.append(x)
      stride /= 2
      let cells = size / stride
      x = try builder.graph.add1(
        Resize(outputSize: [cells, cells], Interpolation(.linear)), [x], name: "up\(stride)")
      x = try joined(&builder, "up\(stride)_1", x, features.tap(stride), rowToImage, width, training: training)
      for layer in ["up\(stride)_1", "up\(stride)_2"] {
        if layer.hasSuffix("_2") { x = try builder.convolution(layer, x, out: width, kernel: 3, pad: 1) }
        x = try builder.normalization("\(layer).bn", x, training: training)
        x = try builder.relu(x, name: "\(layer).relu")
      }
    }
    let scores = try builder.convolution("seg_score_half", x, out: 2, kernel: 1)
    stageInputs.append(x)
    return DecodedScores(
      scores: try builder.graph.add1(
        Resize(outputSize: [size, size], Interpolation(.linear)), [scores], name: "seg_score"),
      stageInputs: stageInputs)
  }

  /// A 3x3 convolution of x [rows, ...] joined with the features [images, ...], where the trunk has any.
  private func joined(
    _ builder: inout LayerBuilder, _ name: String, _ x: ValueID, _ features: ValueID?, _ rowToImage: ValueID?,
    _ width: Int, training: Bool
  ) throws -> ValueID {
    guard let features else { return try builder.convolution(name, x, out: width, kernel: 3, pad: 1) }
    guard let rowToImage else {
      let both = try builder.graph.add1(Concat(), [x, features], name: "\(name).concat")
      return try builder.convolution(name, both, out: width, kernel: 3, pad: 1)
    }
    let (own, shared) = (builder.channels(x), builder.channels(features))
    let weight = try builder.weight(name, [width, own + shared, 3, 3], fanIn: 9 * (own + shared))
    let bias = try builder.bias(name, width)
    let halves = try [0..<own, own..<(own + shared)].enumerated().map { number, range in
      try builder.graph.add1(Slice(axis: 1, range), [weight], name: "\(name).weight/half-\(number)")
    }
    let window = SlidingWindow(3, pad: 1)
    let perImage = try builder.graph.add1(Conv(window), [features, halves[1]], name: "\(name)/image")
    let perRow = try builder.graph.add1(Conv(window), [x, halves[0], bias], name: "\(name)/row")
    return try builder.graph.add1(Add(), [perRow, perImage, rowToImage], name: name)
  }
}
