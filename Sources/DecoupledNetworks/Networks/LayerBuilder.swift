import DecoupledCore

/// Adds the layers that all parts of the network are made of, with Caffe's layer names ('-' written as '_').
struct LayerBuilder {
  var graph: Graph
  let description: NetworkDescription
  let elementType: ElementType

  /// A parameter, shared when it is already there.
  mutating func parameter(_ name: String, _ shape: [Int]) throws -> ValueID {
    if graph.hasValue(named: name) { return try graph.value(named: name) }
    return try graph.addParameter(name, shape, elementType)
  }

  func channels(_ value: ValueID) -> Int { graph[value].type.shape[1] }

  mutating func convolution(_ name: String, _ x: ValueID, out: Int, kernel: Int, pad: Int = 0) throws -> ValueID {
    let weight = try parameter("\(name).weight", [out, channels(x), kernel, kernel])
    let bias = try parameter("\(name).bias", [out])
    return try graph.add1(Conv(SlidingWindow(kernel, pad: pad)), [x, weight, bias], name: name)
  }

  mutating func deconvolution(_ name: String, _ x: ValueID, out: Int, kernel: Int, pad: Int = 0) throws -> ValueID {
    let weight = try parameter("\(name).weight", [channels(x), out, kernel, kernel])
    let bias = try parameter("\(name).bias", [out])
    return try graph.add1(ConvTranspose(SlidingWindow(kernel, pad: pad)), [x, weight, bias], name: name)
  }

  mutating func relu(_ x: ValueID, name: String) throws -> ValueID {
    try graph.add1(Relu(), [x], name: name)
  }

  /// Batch normalisation with the statistics of the batch (training) or with the stored ones.
  mutating func normalization(_ name: String, _ x: ValueID, training: Bool) throws -> ValueID {
    let shape = [channels(x)]
    let scale = try parameter("\(name).weight", shape)
    let shift = try parameter("\(name).bias", shape)
    let operation = BatchNormalization(epsilon: description.batchNormalizationEpsilon, training: training)
    if training { return try graph.add1(operation, [x, scale, shift], name: name) }
    let mean = try parameter("\(name).running_mean", shape)
    let variance = try parameter("\(name).running_var", shape)
    return try graph.add1(operation, [x, scale, shift, mean, variance], name: name)
  }
}
