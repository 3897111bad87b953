import DecoupledBase
import DecoupledCore

/// The layers of FCN-32s: the trunk with wide pads, the head, a score layer with background, and a fixed interpolation.
///
/// With R pixels a cell behind the last pool (32 for VGG-16) and k the kernel of fc6 (7), the released network pads the image by
/// 100 and cuts 19 pixels off the interpolated map: pad = cut + 1 + R (k - 2) / 2, which puts each score where its window is.
enum FCN32s {
  /// Pixels that are cut off at the top and left, by pixels a cell.
  static func cut(_ cell: Int) -> Int { cell * 19 / 32 }

  static func trunk(_ description: NetworkDescription) throws -> VGG {
    guard var trunk = try Trunks.make(description) as? VGG else {
      throw EngineError(
        .invalidArgument,
        "Network '\(description.name)': an FCN is made of a trunk 'vgg', whose pads it widens, not '\(description.trunk)'."
      )
    }
    let cell = 1 << description.stages
    trunk.firstPad = cut(cell) + 1 + cell * (description.fc6Kernel - 2) / 2
    trunk.ceils = true
    return trunk
  }

  /// Adds the layers.
  /// - Returns: scores [images, 1 + L, S, S], background first.
  static func build(
    _ builder: inout LayerBuilder, image: ValueID, dropoutSeeds: [ValueID] = []
  ) throws -> ValueID {
    let description = builder.description
    let trunk = try trunk(description)
    let features = try builder.building(.trunk) { try trunk.build(&$0, image: image) }
    let head = try Heads.make(description)
    let hidden = try builder.building(.head) { try head.build(&$0, features: features, seeds: dropoutSeeds) }
    let classes = description.classes + 1
    let coarse = try builder.building(.score) { builder in
      // The last linear layer starts at 0, as in the released network.
      let weight = try builder.parameter(
        "score_fr.weight", [classes, builder.channels(hidden), 1, 1], .weight, .constant(0))
      let bias = try builder.bias("score_fr", classes)
      return try builder.graph.add1(Conv(SlidingWindow(1)), [hidden, weight, bias], name: "score_fr")
    }
    return try builder.building(.decoder) { builder in
      let cell = 1 << description.stages
      let kernel = 2 * cell
      let weight = try builder.parameter(
        "upscore.weight", [classes, classes, kernel, kernel], .weight, .linearInterpolation)
      let (cells, size, cut) = (builder.graph[coarse].type.shape[2], description.inputSize, cut(cell))
      let rest = (cells - 1) * cell + kernel - cut - size
      let window = SlidingWindow(
        kernel: [kernel, kernel], strides: [cell, cell], pads: [cut, cut, rest, rest])
      return try builder.graph.add1(ConvTranspose(window), [coarse, weight], name: "upscore")
    }
  }
}

/// FCN-32s as it predicts.
struct FCNPredictionGraph {
  let graph: Graph
  /// [images, 3, S, S].
  let image: ValueID
  /// [images, 1 + L, S, S], background first.
  let probabilities: ValueID

  init(_ description: NetworkDescription, images: Int, elementType: ElementType = .float32) throws {
    try description.validate()
    var builder = LayerBuilder(description, elementType: elementType)
    let size = description.inputSize
    image = try builder.graph.addInput("image", ValueType(elementType, [images, 3, size, size], batch: .images))
    let scores = try FCN32s.build(&builder, image: image)
    probabilities = try builder.graph.add1(Softmax(axis: 1), [scores], name: "probabilities")
    graph = builder.graph
  }
}
