import ArgumentParser
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision

/// `decoupled train classification`: phase 1.
struct TrainClassification: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classification", abstract: "Phase 1: learn the classes from image-level labels.")

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var engine: EngineOptions

  @Option(help: "Network to build: \(NetworkDescription.presetNames.joined(separator: ", ")), or a description (JSON).")
  var network: String?

  @Option(
    help: "Weights to start from: a model, a .caffemodel, a VGG-16 .pth, or safetensors with torchvision's names.")
  var weights: String?

  @Option(help: "How the weights' network was fed: caffe or torchvision. Needed when the file does not say.")
  var preprocessing: String?

  @Option(help: "Add the data set's new classes to this model; its segmentation network is kept.")
  var extend: String?

  @Option(help: "Train only on images of this list, such as the ones with masks.")
  var only: String?

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  func validate() throws {
    if extend != nil && (network != nil || weights != nil) {
      throw ValidationError("--extend takes its network and weights from the model; leave --network and --weights out.")
    }
  }

  func run() throws {
    let preset = network.flatMap { NetworkDescription.presetNames.contains($0) ? $0 : nil }
    var recipe = try arguments.recipe(phase: "classification", preset: preset)
    arguments.apply(to: &recipe.classification.solver, seed: &recipe.classification.seed)
    var (train, validation) = try arguments.open(strong: only, labelsFromMasks: labelsFromMasks)
    if only != nil { train = Dataset(classes: train.classes, items: train.strongItems) }
    let (backend, control) = try engine.open()
    let (directory, model) = try arguments.begin {
      try extend.map {
        try ModelFile.open($0).extended(with: train.classes.names, seed: recipe.classification.seed)
      } ?? start(recipe, train)
    }
    if extend != nil {
      recipe.classification.solver.multiplierRules += try MultiplierRule.scoreLayerOnly(model.description)
    }
    if directory.canResume, extend == nil { try requireSameNetwork(directory, model, try described(recipe, train)) }
    let trainer = try Trainer(
      "classification", model, dataset: train, validation: validation, settings: recipe.classification,
      options: arguments.options(recipe),
      origin: TrainingOrigin(weights: weights, preprocessing: preprocessing, extended: extend, start: recipe.start),
      run: directory, backend: backend, control: control)
    try arguments.run(trainer, in: directory)
  }

  private func requireSameNetwork(
    _ directory: RunDirectory, _ model: Model, _ wanted: NetworkDescription
  ) throws {
    var wanted = wanted
    // Weights from a file say themselves how their input is made.
    if weights != nil { wanted.preprocessing = model.description.preprocessing }
    guard model.description == wanted else {
      throw EngineError(
        .invalidArgument,
        "The run in '\(directory.path)' trains another network than these options describe; choose another folder, or --overwrite it."
      )
    }
  }

  private func described(_ recipe: Recipe, _ train: Dataset) throws -> NetworkDescription {
    var description = recipe.network
    if let network, !NetworkDescription.presetNames.contains(network) {
      guard network.hasSuffix(".json") else {
        let names = NetworkDescription.presetNames.joined(separator: ", ")
        throw EngineError(.notFound, "There is no network '\(network)'; give \(names) or a .json description.")
      }
      guard !arguments.overrides.contains(where: { $0.hasPrefix("network.") }) else {
        throw EngineError(
          .invalidArgument, "--network '\(network)' says everything; change the file instead of --set-value network.")
      }
      description = try NetworkDescription.read(network)
    }
    description.classes = train.classes.count
    return description
  }

  private func start(_ recipe: Recipe, _ train: Dataset) throws -> Model {
    var model = try Model(described(recipe, train), classNames: train.classes.names, parameters: ParameterStore())
    if let weights {
      var options = WeightImport.Options()
      options.preprocessing = preprocessing
      model = try WeightImport(model, from: weights, options: options).model()
    }
    try recipe.start.apply(to: model, dataset: train, seed: recipe.classification.seed)
    return model
  }
}
