import DecoupledBase
import DecoupledCore
import DecoupledVision

/// Brings weights of other origins into a network: Caffe's, PyTorch's, and safetensors files with our names or torchvision's.
public struct WeightImport: Sendable {
  /// How weights are taken in.
  public struct Options: Sendable {
    /// "caffe" (BGR minus mean) or "torchvision" (RGB, normalised): how the weights' network was fed. Needed when the file
    /// does not say so: a model, a network of the authors', or a file that `decoupled export` wrote.
    public var preprocessing: String?
    /// The preprocessing of a network description that was written for these weights; stands in for `preprocessing`.
    public var described: Preprocessing?
    /// A Caffe mean image (`.binaryproto`) that was subtracted.
    public var mean: String?
    /// Layers, by our names, that are left out.
    public var skip: Set<String> = []
    /// The deploy network of Caffe weights.
    public var prototxt: CaffeNet?

    public init() {}
  }

  public let description: NetworkDescription
  public let classNames: [String]
  public let report: ImportReport
  /// By our names: the file's, and those of the model that was given.
  private(set) var weights: [String: StoredTensor] = [:]
  /// The model's own weights, which stay as they are where the file has none.
  private let own: ParameterStore
  /// Whether the file has a part of the segmentation network, so that the rest of it is wanted too.
  private let fillsSegmentation: Bool

  /// Reads where the weights for a network are.
  /// - Parameters:
  ///   - model: the network; its own weights stay where the file has none.
  ///   - path: a weight file.
  /// - Throws: when tensors have the wrong shape (all are named), nothing fits, or the preprocessing is unknown.
  public init(_ model: Model, from path: String, options: Options = .init()) throws {
    try self.init(model, file: try WeightFile(path: path), options: options)
  }

  /// As `init(_:from:options:)`, from a file that is open.
  public init(_ model: Model, file: WeightFile, options: Options = .init()) throws {
    var description = model.description
    description.preprocessing = try Self.preprocessing(of: file, options)
    let parameters = try description.parameters()
    let parameterByName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
    let resolved =
      if let net = file.net {
        try CaffeWeights.resolve(net, prototxt: options.prototxt)
      } else {
        try ResolvedWeights.byName(file.tensors, description)
      }
    for name in model.parameters.names { weights[name] = model.parameters[name].map { StoredTensor(name, $0) } }
    var report = ImportReport(file: file.path, format: file.format.rawValue)
    report.unused = resolved.unused
    report.dropped = resolved.dropped
    report.notes = resolved.notes
    var misfits: [(weight: ResolvedWeights.Weight, shape: [Int])] = []
    for weight in resolved.weights {
      let layer = String(weight.name.prefix { $0 != "." })
      guard let parameter = parameterByName[weight.name], !options.skip.contains(layer),
        !(weight.isForeign && parameter.part == .score && !Self.fits(weight.tensor.shape, parameter.shape))
      else {
        // A score layer for other classes, as ImageNet's 1000, is left out too: its rows say nothing about ours.
        report.unused.append(weight.tensor.name)
        continue
      }
      guard weight.tensor.elementType.isFloatingPoint else {
        throw EngineError(
          .unsupported,
          "'\(file.path)': '\(weight.tensor.name)' is \(weight.tensor.elementType); weights are real numbers.")
      }
      let shape = parameter.shape
      guard Self.fits(weight.tensor.shape, shape) else {
        misfits.append((weight, shape))
        continue
      }
      weights[weight.name] = try weight.tensor.reshaped(shape)
      report.used.append(.init(tensor: weight.tensor.name, parameter: weight.name, shape: shape))
    }
    try Self.refuse(misfits, file.path, description.name)
    guard !report.used.isEmpty else {
      throw EngineError(
        .format,
        "No tensor of '\(file.path)' has a name that the network '\(description.name)' knows, such as \(parameters[0].name)."
      )
    }
    let known = weights
    // The segmentation network is trained later, unless the file has a part of it.
    let segmentation = Set(parameters.filter { Set.segmentation.contains($0.part) }.map(\.name))
    fillsSegmentation = report.used.contains { segmentation.contains($0.parameter) }
    let asked = fillsSegmentation ? parameters : parameters.filter { !segmentation.contains($0.name) }
    report.missing = asked.map(\.name).filter { known[$0] == nil }
    self.description = description
    classNames = model.classNames
    own = model.parameters
    self.report = report
  }

  /// The model with all weights, those of the file read into memory (safetensors stay mapped).
  public func model() throws -> Model {
    let parameters = ParameterStore()
    let fromFile = Set(report.used.map(\.parameter))
    for (name, tensor) in weights {
      parameters[name] = try fromFile.contains(name) ? tensor.floats() : own[name] ?? tensor.floats()
    }
    return try Model(description, classNames: classNames, parameters: parameters)
  }

  /// The model with the weights of the file left where they are: names and shapes, for filling in what is missing.
  public func missingFilled(seed: UInt64) throws -> WeightImport {
    let parameters = ParameterStore()
    // Drawn weights depend on their own name only, so those that are there need not be read.
    let empty = try Tensor(zeros: [0])
    for name in weights.keys { parameters[name] = empty }
    let model = try Model(description, classNames: classNames, parameters: parameters)
    try model.fill(fillsSegmentation ? .all : .classification, seed: seed)
    var filled = self
    for name in report.missing { filled.weights[name] = model.parameters[name].map { StoredTensor(name, $0) } }
    return filled
  }

  /// Writes the model piece by piece: memory does not grow with the file.
  /// - Parameter half: store the weights of convolutions in half precision.
  public func write(to path: String, half: Bool = false) throws {
    try ModelFile.write(
      weights, description: description, classNames: classNames, to: path, half: half)
  }

  /// Whether values of one shape can be taken as another: they are the same but for leading ones, or a fully connected layer,
  /// which is a convolution whose kernel covers its whole input.
  private static func fits(_ foreign: [Int], _ own: [Int]) -> Bool {
    if foreign == own { return true }
    guard foreign.reduce(1, *) == own.reduce(1, *) else { return false }
    // A kernel of a convolution is never reinterpreted, only the flat rows of a fully connected layer.
    let plain = foreign.filter { $0 != 1 }
    return plain == own.filter { $0 != 1 } || (plain.first == own.first && plain.count <= 2)
  }

  /// Tensors that an error names at most.
  private static let mostNamed = 8

  private static func refuse(
    _ misfits: [(weight: ResolvedWeights.Weight, shape: [Int])], _ path: String, _ network: String
  ) throws {
    guard !misfits.isEmpty else { return }
    var list = misfits.prefix(mostNamed).map {
      "'\($0.weight.tensor.name)' \($0.weight.tensor.shape) for '\($0.weight.name)' \($0.shape)"
    }
    if misfits.count > mostNamed { list.append("and \(misfits.count - mostNamed) more") }
    var layers: [String] = []
    for misfit in misfits {
      let layer = String(misfit.weight.name.prefix { $0 != "." })
      if !layers.contains(layer) { layers.append(layer) }
    }
    throw EngineError(
      .format,
      "'\(path)' does not fit the network '\(network)': \(list.joined(separator: ", ")); choose another network, or leave these layers out (--skip \(layers.joined(separator: ",")))."
    )
  }
}

extension WeightImport {
  /// Whether bridging layers and segmentation network are complete.
  public var hasSegmentation: Bool {
    (try? description.parameters(.segmentation).allSatisfy { weights[$0.name] != nil }) ?? false
  }
}
