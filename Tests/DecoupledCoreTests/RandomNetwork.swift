import DecoupledCore

/// Reproducible random numbers.
struct RandomNumbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

  mutating func chance(_ share: Double) -> Bool { Double(next() >> 11) / 9.007199254740992e15 < share }

  /// -1...1.
  mutating func tensor(_ shape: [Int]) throws -> Tensor {
    let count = shape.reduce(1, *)
    return try Tensor((0..<count).map { _ in Float(Double(next() >> 11) / 4.503599627370496e15 - 1) }, shape: shape)
  }
}

/// Convolution, normalisation, pooling, un-pooling and transposed convolution with random sizes, and their gradients.
///
/// Where a ReLU or a maximum stands, the least difference can change everything behind it. So other backends run the pieces
/// between, each on what `reference` has computed; and once more, for the kernels that compute both, each layer with the pooling
/// behind it and with the un-pooling before it.
struct RandomNetwork {
  private struct Piece {
    var feeds: [ValueID]
    var fetches: [ValueID]
    /// Results stay in the backend's layout, as those of kernels that compute both must.
    var isCarried = false
    /// What is pooled in this piece behind a layer: of the places it is judged which values are there.
    var pooled: ValueID?
  }

  private var graph = Graph()
  private var given: [ValueID: Tensor] = [:]
  private let parameters = ParameterStore()
  private var pieces: [Piece] = []
  /// Every value of the forward pass.
  private var forward: [ValueID] = []
  /// Whether inputs and weights begin at an address that is a multiple of 4 only.
  private var isMisaligned = false
  /// Two numbers of threads that must give the same bits.
  private(set) var threads = (1, 3)

  init(seed: UInt64) throws {
    var random = RandomNumbers(seed)
    let batch = random.int(1...9)
    // Some networks have large planes, some many channels, some the few pixels and many weights of fc6, and some are the
    // published ones in small: 3x3 kernels, channels in whole vectors, a pooling behind most layers.
    let form = random.int(0...9)
    var (height, width) = (random.int(5...26), random.int(5...26))
    var channels = random.chance(0.3) ? 3 : random.int(1...36)
    var (most, layers) = (40, 1...3)
    switch form {
    case 0: (height, width, layers) = (random.int(27...70), random.int(27...70), 1...2)
    case 1: (channels, most, layers) = (random.int(37...150), 150, 1...2)
    case 2:
      (height, width, channels, most, layers) = (
        random.int(6...9), random.int(6...9), random.int(120...180), 200, 1...1
      )
    case 3...5:
      (height, width, channels, layers) = (random.int(12...50), random.int(12...50), 16 * random.int(1...4), 1...3)
    default: break
    }
    isMisaligned = random.chance(0.4)
    threads = (random.int(1...8), random.int(1...8))
    let x = try graph.addInput("x", ValueType(.float32, [batch, channels, height, width]))
    given[x] = try random.tensor([batch, channels, height, width])
    var value = x
    var learned: [ValueID] = []
    func parameter(_ name: String, _ shape: [Int], _ scale: Float = 1) throws -> ValueID {
      let id = try graph.addParameter(name, shape)
      let tensor = try random.tensor(shape)
      let elements = try tensor.elements(Float.self)
      for index in elements.indices { elements[index] *= scale }
      parameters[name] = isMisaligned ? try Self.misaligned(tensor) : tensor
      learned.append(id)
      return id
    }
    // The values of a pooling whose un-pooled image `value` is.
    var unpooled: [ValueID] = []
    for layer in 0..<random.int(layers) {
      var piece = Piece(feeds: [value], fetches: [])
      var out =
        switch form {
        case 2: random.int(120...most)
        case 3...5: 16 * random.int(1...4)
        default: random.int(1...most)
        }
      let kernel =
        switch form {
        case 2: min(7, height, width)
        case 3...5: min(3, height, width)
        default: random.chance(0.6) ? min(3, height, width) : random.int(1...min(7, height, width))
        }
      let stride = (3...5).contains(form) || random.chance(0.8) ? 1 : 2
      let pad = random.int(0...(kernel / 2))
      let window = SlidingWindow(kernel, stride: stride, pad: pad)
      // Some layers in groups, most of them depthwise.
      var group = 1
      if random.chance(0.25) {
        if random.chance(0.6) { out = channels }
        group = Self.greatestDivisor(channels, out)
      }
      let scale = 1 / Float(channels / group * kernel * kernel).squareRoot()
      let bias = random.chance(0.7) ? try parameter("b\(layer)", [out]) : nil
      let isTransposed = random.chance(0.4)
      let weight = try parameter(
        "w\(layer)", isTransposed ? [channels, out / group, kernel, kernel] : [out, channels / group, kernel, kernel],
        scale)
      value = try graph.add1(
        isTransposed ? ConvTranspose(window, group: group) : Conv(window, group: group) as any Operator,
        [value, weight, bias],
        name: "conv\(layer)")
      let shape = graph[value].type.shape
      (channels, height, width) = (shape[1], shape[2], shape[3])
      forward.append(value)
      if random.chance(0.3) { piece.fetches.append(value) }
      if random.chance(0.6) {
        let training = random.chance(0.5) && batch * height * width > 8
        let factor = try parameter("scale\(layer)", [channels])
        let shift = try parameter("shift\(layer)", [channels])
        var inputs: [ValueID?] = [value, factor, shift]
        if !training {
          let variance = try random.tensor([channels])
          let elements = try variance.elements(Float.self)
          for index in elements.indices { elements[index] = 0.5 + elements[index] * elements[index] }
          inputs += [
            try graph.addParameter("mean\(layer)", [channels]), try graph.addParameter("var\(layer)", [channels]),
          ]
          parameters["mean\(layer)"] = try random.tensor([channels])
          parameters["var\(layer)"] = variance
        }
        let outputs = try graph.add(BatchNormalization(epsilon: 1e-3, training: training), inputs, name: "bn\(layer)")
        forward += outputs
        piece.fetches += outputs.dropFirst()
        value = outputs[0]
      }
      if random.chance(0.7) {
        value = try graph.add1(Relu(), [value], name: "relu\(layer)")
        forward.append(value)
      }
      piece.fetches.append(value)
      pieces.append(piece)
      if !unpooled.isEmpty { pieces.append(Piece(feeds: unpooled, fetches: [value], isCarried: true)) }
      unpooled = []
      if height >= 4, width >= 4, random.chance((3...5).contains(form) ? 0.9 : 0.6) {
        let pool = try graph.add(MaxPool(SlidingWindow(2, stride: 2)), [value], name: "pool\(layer)")
        let pooled = graph[pool[0]].type.shape
        pieces.append(Piece(feeds: [value], fetches: pool))
        pieces.append(Piece(feeds: piece.feeds, fetches: pool, isCarried: true, pooled: value))
        forward += pool
        if random.chance(0.5) {
          value = try graph.add1(
            MaxUnpool(outputSize: [height, width]), [pool[0], pool[1], nil], name: "unpool\(layer)")
          pieces.append(Piece(feeds: pool, fetches: [value]))
          forward.append(value)
          unpooled = pool
        } else {
          (height, width) = (pooled[2], pooled[3])
          value = pool[0]
        }
      }
    }
    let seeds = try graph.addInput("dy", graph[value].type)
    given[seeds] = try random.tensor(graph[value].type.shape)
    let gradients = try graph.gradient(of: value, withRespectTo: [x] + learned, seed: seeds)
    pieces.append(Piece(feeds: [x, seeds] + forward, fetches: gradients.compactMap { $0 }))
  }

  private static func greatestDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestDivisor(b, a % b) }

  /// The values of the forward pass as `reference` has them.
  func known() throws -> [ValueID: Tensor] {
    var results: [ValueID: Tensor] = [:]
    let plan = try Plan(graph, feeds: [pieces[0].feeds[0]], fetches: forward, backend: BackendSearch.open("reference"))
    try Execution(RunControl(threads: 2)).run(plan, feeds: given, parameters: parameters, results: &results)
    let all = results.merging(given) { first, _ in first }
    return isMisaligned ? try all.mapValues(Self.misaligned) : all
  }

  /// A copy that begins one element behind an aligned address.
  private static func misaligned(_ tensor: Tensor) throws -> Tensor {
    let size = tensor.elementType.byteCount
    let result = Tensor(
      elementType: tensor.elementType, shape: tensor.shape,
      storage: try TensorStorage(byteCount: tensor.byteCount + size), byteOffset: size)
    try result.copyContents(from: tensor)
    return result
  }

  /// What each piece gives.
  /// - Parameter onKernel: gets the operators of each kernel that ran.
  func run(
    on backend: Backend, known: [ValueID: Tensor], threads: Int, onKernel: @escaping (String) -> Void = { _ in }
  ) throws -> [String: [Float]] {
    var all: [String: [Float]] = [:]
    let execution = Execution(RunControl(threads: threads))
    execution.onKernel = { onKernel($0.operators) }
    for (number, piece) in pieces.enumerated() {
      let carried = piece.isCarried ? Set(piece.fetches) : []
      let plan = try Plan(graph, feeds: piece.feeds, fetches: piece.fetches, carried: carried, backend: backend)
      var results: [ValueID: Tensor] = [:]
      try execution.run(plan, feeds: known, parameters: parameters, results: &results)
      for id in piece.fetches {
        guard let tensor = results[id] else { continue }
        let name = "\(number) \(graph[id].name)"
        if tensor.elementType == .float32 {
          all[name] = Self.elements(tensor, Float.self)
        } else if let pooled = piece.pooled, let image = known[pooled] {
          all[name] = try Self.values(at: tensor, of: image)
        } else {
          all[name] = Self.elements(tensor, Int32.self).map(Float.init)
        }
      }
    }
    return all
  }

  /// The elements of an image in row-major order, in whatever layout it is.
  private static func elements<Element: TensorElement>(_ tensor: Tensor, _: Element.Type) -> [Element] {
    let memory = tensor.bytes.assumingMemoryBound(to: Element.self)
    var offsets = [0]
    for (count, stride) in zip(tensor.shape, tensor.strides) {
      offsets = offsets.flatMap { offset in (0..<count).map { offset + $0 * stride } }
    }
    return offsets.map { memory[$0] }
  }

  /// The values of the image at the places that a pooling of 2x2 windows found. Of two that are equal but for rounding, either
  /// may be the maximum; infinity stands for a place outside of its window.
  private static func values(at places: Tensor, of image: Tensor) throws -> [Float] {
    let (values, height, width) = (try image.array(Float.self), image.shape[2], image.shape[3])
    let (rows, columns) = (places.shape[2], places.shape[3])
    return elements(places, Int32.self).enumerated().map { index, place in
      let (y, x) = (Int(place) / width, Int(place) % width)
      let isInWindow = y / 2 == index / columns % rows && x / 2 == index % columns && place >= 0
      return isInWindow ? values[index / (rows * columns) * height * width + Int(place)] : .infinity
    }
  }
}
