import DecoupledCore

/// Adds the layers that all parts of the network are made of, with Caffe's layer names ('-' written as '_').
struct LayerBuilder {
  var graph = Graph()
  let description: NetworkDescription
  let elementType: ElementType
  /// The part that is being built.
  var part = NetworkPart.trunk
  /// Added to the variance by the normalisations of that part.
  var epsilon: Double

  init(_ description: NetworkDescription, elementType: ElementType) {
    self.description = description
    self.elementType = elementType
    epsilon = description.batchNormalizationEpsilon
  }

  /// Adds the layers of a part.
  mutating func building<Result>(
    _ part: NetworkPart, _ body: (inout LayerBuilder) throws -> Result
  ) rethrows -> Result {
    let outer = (self.part, epsilon)
    self.part = part
    defer { (self.part, epsilon) = outer }
    return try body(&self)
  }

  /// A parameter, shared when it is already there.
  mutating func parameter(
    _ name: String, _ shape: [Int], _ role: ParameterRole, _ filling: ParameterFilling
  ) throws -> ValueID {
    if graph.hasValue(named: name) { return try graph.value(named: name) }
    return try graph.addParameter(
      name, shape, elementType, traits: ParameterTraits(part: part.rawValue, role: role, filling: filling))
  }

  /// The weights of a layer, drawn as the description says for this part.
  mutating func weight(_ name: String, _ shape: [Int], fanIn: Int) throws -> ValueID {
    try parameter("\(name).weight", shape, .weight, description.filling(of: part, fanIn: fanIn))
  }

  mutating func bias(_ name: String, _ count: Int) throws -> ValueID {
    try parameter("\(name).bias", [count], .bias, .constant(0))
  }

  func channels(_ value: ValueID) -> Int { graph[value].type.shape[1] }

  mutating func convolution(
    _ name: String, _ x: ValueID, out: Int, kernel: Int, pad: Int = 0, stride: Int = 1, bias hasBias: Bool = true
  ) throws -> ValueID {
    let fanIn = channels(x) * kernel * kernel
    let weight = try weight(name, [out, channels(x), kernel, kernel], fanIn: fanIn)
    let bias = hasBias ? [try bias(name, out)] : []
    return try graph.add1(Conv(SlidingWindow(kernel, stride: stride, pad: pad)), [x, weight] + bias, name: name)
  }

  mutating func deconvolution(_ name: String, _ x: ValueID, out: Int, kernel: Int, pad: Int = 0) throws -> ValueID {
    // Weights of a transposed convolution are stored (in, out, kernel, kernel).
    let weight = try weight(name, [channels(x), out, kernel, kernel], fanIn: channels(x) * kernel * kernel)
    let bias = try bias(name, out)
    return try graph.add1(ConvTranspose(SlidingWindow(kernel, pad: pad)), [x, weight, bias], name: name)
  }

  mutating func relu(_ x: ValueID, name: String) throws -> ValueID {
    try graph.add1(Relu(), [x], name: name)
  }

  /// Batch normalisation with the statistics of the batch (training) or with the stored ones.
  mutating func normalization(_ name: String, _ x: ValueID, training: Bool) throws -> ValueID {
    let shape = [channels(x)]
    let scale = try parameter("\(name).weight", shape, .scale, .constant(1))
    let shift = try parameter("\(name).bias", shape, .shift, .constant(0.001))
    let operation = BatchNormalization(epsilon: epsilon, training: training)
    if training { return try graph.add1(operation, [x, scale, shift], name: name) }
    let mean = try parameter("\(name).running_mean", shape, .runningMean, .constant(0))
    let variance = try parameter("\(name).running_var", shape, .runningVariance, .constant(1))
    return try graph.add1(operation, [x, scale, shift, mean, variance], name: name)
  }
}

extension NetworkDescription {
  /// How the weights of a layer are drawn. The score layer always starts small: scores near 0 give every class the
  /// probability one half.
  func filling(of part: NetworkPart, fanIn: Int) -> ParameterFilling {
    let filler: Filler =
      switch part {
      case .trunk, .head: classificationFiller
      case .score: .gaussian
      case .bridge, .decoder: segmentationFiller
      }
    return .gaussian(deviation: filler == .gaussian ? 0.01 : (2 / Double(fanIn)).squareRoot())
  }
}
