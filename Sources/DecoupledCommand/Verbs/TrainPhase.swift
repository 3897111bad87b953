import ArgumentParser
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision

/// `decoupled train PHASE`: one phase of a network's family.
struct TrainPhase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phase", abstract: "Train a phase; 'decoupled train classification' means the same without 'phase'.",
    discussion: Families.all.map { family in
      "A network of the family \(family.tag):\n"
        + family.phases.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
    }.joined(separator: "\n"))

  @Argument(help: "Name of the phase, such as classification or segmentation.")
  var phase: String

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var engine: EngineOptions

  @Option(
    help: "Model to start from, such as one whose classification network is trained and stays as it is in phase 2.")
  var model: String?

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

  @Option(help: "List of images whose masks may be used, such as strong_5; all masks of the set when left out.")
  var strong: String?

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  func validate() throws {
    guard Families.all.contains(where: { $0.phases.contains { $0.name == phase } }) else {
      let names = Families.all.flatMap { $0.phases.map(\.name) }.joined(separator: ", ")
      throw ValidationError("There is no phase '\(phase)'; phases are \(names).")
    }
    if extend != nil && (network != nil || weights != nil) {
      throw ValidationError("--extend takes its network and weights from the model; leave --network and --weights out.")
    }
    if model != nil && (network != nil || weights != nil || extend != nil) {
      throw ValidationError("--model says what to start from; leave --network, --weights and --extend out.")
    }
    if only != nil && strong != nil {
      throw ValidationError("--only and --strong exclude each other: the images of --only are all that is used.")
    }
  }

  func run() throws {
    let preset = network.flatMap { NetworkDescription.presetNames.contains($0) ? $0 : nil }
    let recipe = try arguments.recipe(phase: phase, preset: preset)
    var settings = try recipe.settings(ofPhase: phase)
    arguments.apply(to: &settings)
    var (train, validation) = try arguments.open(strong: only ?? strong, labelsFromMasks: labelsFromMasks)
    if only != nil { train = Dataset(classes: train.classes, items: train.strongItems) }
    let (backend, control) = try engine.open()
    let (directory, start) = try arguments.begin { try begin(recipe, train, seed: settings.seed) }
    let family = try Families.of(start.description)
    let phase = try family.phase(phase)
    if extend != nil { settings.solver.multiplierRules += try MultiplierRule.scoreLayerOnly(start.description) }
    if directory.canResume, extend == nil, model == nil {
      try requireSameNetwork(directory, start, try described(recipe, train))
    }
    let isLast = phase.name == family.phases.last?.name
    let trainer = try Trainer(
      phase.name, start, dataset: train, validation: validation, settings: settings,
      options: arguments.options(recipe), origin: model == nil ? origin(recipe) : nil, run: directory, backend: backend,
      control: control,
      meanIntersectionOverUnion: validation.flatMap { validation in
        // Masks of whole images are there when the last phase is trained.
        isLast
          ? Evaluation.meanIntersectionOverUnion(
            on: validation, prediction: recipe.prediction, backend: backend, control: control) : nil
      })
    try arguments.run(trainer, in: directory)
  }

  private func origin(_ recipe: Recipe) -> TrainingOrigin {
    TrainingOrigin(weights: weights, preprocessing: preprocessing, extended: extend, start: recipe.start)
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

  /// The model that a new run begins with.
  private func begin(_ recipe: Recipe, _ train: Dataset, seed: UInt64) throws -> Model {
    if let model { return try ModelFile.open(model) }
    if let extend { return try ModelFile.open(extend).extended(with: train.classes.names, seed: seed) }
    let description = try described(recipe, train)
    guard try Families.of(description).phase(phase).required.isEmpty else {
      throw ValidationError("Missing expected argument '--model <model>': the phase '\(phase)' continues a model.")
    }
    var made = try Model(description, classNames: train.classes.names, parameters: ParameterStore())
    if let weights {
      var options = WeightImport.Options()
      options.preprocessing = preprocessing
      made = try WeightImport(made, from: weights, options: options).model()
    }
    try recipe.start.apply(to: made, dataset: train, seed: seed)
    return made
  }
}
