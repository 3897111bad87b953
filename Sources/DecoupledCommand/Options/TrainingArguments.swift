import ArgumentParser
import DecoupledNetworks
import DecoupledProposals
import DecoupledVision

/// Options that both training phases share.
struct TrainingArguments: ParsableArguments {
  @Option(
    help: "Data set: a VOC devkit tree, a folder with images/, masks/, labels.csv and classes.txt, or one of --kind.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(
    help: "Official list of training windows, 'image mask x1 y1 x2 y2 bits...' a line; its paths begin at --data.")
  var list: String?

  @Option(help: "As --list, for evaluation while training.")
  var validationList: String?

  @Option(help: "Image set to train on; train when there is one, else all images.")
  var set: String?

  @Option(help: "Image set to evaluate on while training; none when left out.")
  var validation: String?

  @Option(help: "Folder for the run: configuration, metrics, checkpoints and the model.")
  var output: String

  @Option(help: "Configuration file (YAML).")
  var config: String?

  @Option(
    name: .customLong("set-value"),
    help: "A setting over the configuration file, such as solver.momentum=0.9 or network.input_size=128.")
  var overrides: [String] = []

  @Option(help: "Iterations; each takes batch_size x iter_size images.")
  var iterations: Int?

  @Option(help: "Base learning rate.")
  var learningRate: Double?

  @Option(help: "Seed of weights, order, crops and dropout.")
  var seed: UInt64?

  @Flag(help: "Go on from the last checkpoint in the output folder, bit for bit; begin when there is none.")
  var resume = false

  @Flag(help: "Discard an earlier run in the output folder.")
  var overwrite = false

  func validate() throws {
    if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other.") }
    if list != nil && set != nil { throw ValidationError("--list says which images to train on; leave --set out.") }
    if validation != nil && validationList != nil {
      throw ValidationError("--validation and --validation-list exclude each other.")
    }
  }

  /// Settings of the phase may be named without their section.
  /// - Parameter preset: a network that replaces the configuration's, under the overrides.
  func recipe(phase: String, preset: String? = nil) throws -> Recipe {
    let sections =
      [
        "network.", "start.", "prediction.", "checkpoint_every=", "evaluate_every=",
      ] + RecipePhases.settings.map { "\($0.name)." }
    return try Recipe.read(
      config, preset: preset,
      overrides: overrides.map { override in
        sections.contains(where: override.hasPrefix) ? override : "\(phase).\(override)"
      })
  }

  func apply(to settings: inout any PhaseSettings) {
    if let iterations { settings.solver.maximumIterations = iterations }
    if let learningRate { settings.solver.baseLearningRate = learningRate }
    if let seed { settings.seed = seed }
  }

  func options(_ recipe: Recipe) -> TrainingOptions {
    var options = TrainingOptions(proposals: EdgeBoxesSource())
    if let every = recipe.checkpointEvery { options.checkpointEvery = every }
    if let every = recipe.evaluateEvery { options.evaluateEvery = every }
    return options
  }

  /// The run's folder, and the model of its last checkpoint or, for a new run, a fresh one.
  func begin(_ fresh: () throws -> Model) throws -> (RunDirectory, Model) {
    if resume {
      let directory = try RunDirectory(output, existing: .resume)
      return (directory, directory.canResume ? try directory.modelToResume() : try fresh())
    }
    // Made before an earlier run is discarded: it may start from that run's own model.
    let model = try fresh()
    return (try RunDirectory(output, existing: overwrite ? .overwrite : .refuse), model)
  }

  func open(strong: String?, labelsFromMasks: Bool) throws -> (train: Dataset, validation: Dataset?) {
    if list != nil && (strong != nil || labelsFromMasks) {
      throw ValidationError(
        "--list names its masks and labels itself; leave --strong, --only and --labels-from-masks out.")
    }
    let train = try reading.open(
      data, set: set, purpose: "train", strong: strong, labelsFromMasks: labelsFromMasks, list: list)
    if let validationList { return (train, try reading.open(data, set: nil, purpose: "val", list: validationList)) }
    return (train, try validation.map { try reading.open(data, set: $0, purpose: "val") })
  }

  /// Trains to the end and prints the path of the model.
  /// - Throws: the status of an interrupted program when it was stopped.
  func run(_ trainer: Trainer, in directory: RunDirectory) throws {
    let outcome = try trainer.train { progress in
      switch progress {
      case .iteration(let iteration): show(iteration)
      case .ending(let ending):
        if ending.done == 1 { Console.note(ending.summary) }
        Console.progress("\(ending.summary): \(ending.done)/\(ending.of)")
      }
      return true
    }
    Console.endProgress()
    if outcome.wasCancelled {
      Console.note("Stopped at iteration \(outcome.iterations); go on with --resume.")
      throw ExitCode(130)
    }
    print("\(directory.finalModel)")
  }

  /// Prints one line per record on a terminal's last line, and whole lines now and then elsewhere.
  private func show(_ progress: TrainingIteration) {
    let record = progress.record
    var line = "\(progress.phase) \(record.iteration)/\(progress.maximumIterations)"
    line += "  loss \(Console.decimal(record.smoothedLoss, 4))  lr \(Console.decimal(record.learningRate, 5))"
    line +=
      "  \(Console.decimal(record.imagesPerSecond, 1)) images/s  \(Console.duration(progress.remainingSeconds)) left"
    if let evaluation = record.evaluation {
      Console.endProgress()
      Console.note(line + "  | " + Self.text(evaluation))
    } else if record.iteration % max(1, progress.maximumIterations / 50) == 0 {
      Console.endProgress()
      Console.note(line)
    } else {
      Console.progress(line)
    }
  }

  private static func text(_ evaluation: TrainingEvaluation) -> String {
    let figures: [(String, Double?)] = [
      ("loss", evaluation.loss), ("mAP", evaluation.meanAveragePrecision), ("pixel accuracy", evaluation.pixelAccuracy),
      ("foreground IoU", evaluation.foregroundIntersectionOverUnion),
      ("mean IoU", evaluation.meanIntersectionOverUnion),
    ]
    return figures.compactMap { name, value in value.map { "\(name) \(Console.decimal($0, 4))" } }.joined(
      separator: "  ")
  }
}
