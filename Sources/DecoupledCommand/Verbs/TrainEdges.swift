import ArgumentParser
import DecoupledBase
import DecoupledCore
import DecoupledProposals

/// `decoupled train edges`: a structured forest for object proposals.
struct TrainEdges: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edges",
    abstract: "Learn from masks which edges are edges of objects; 'decoupled proposals --forest' uses it.")

  @Option(help: "Data set folder.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; train when there is one, else all images.")
  var set: String?

  @Option(help: "List of images whose masks may be used.")
  var strong: String?

  @Option(help: "Forest to write: safetensors, or OpenCV's model.yml or model.yml.gz by the name.")
  var output: String

  @Option(help: "Whose features: authors, or opencv for a forest that OpenCV is to run.")
  var features: ForestSettings.Features?

  @Option(help: .setting(\ForestTrainingSettings.trees)) var trees = ForestTrainingSettings().trees
  @Option(help: .setting(\ForestTrainingSettings.samples)) var samples = ForestTrainingSettings().samples
  @Option(help: .setting(\ForestTrainingSettings.featureShare)) var featureShare = ForestTrainingSettings().featureShare
  @Option(help: .setting(\ForestTrainingSettings.minChild)) var minChild = ForestTrainingSettings().minChild
  @Option(help: .setting(\ForestTrainingSettings.maxDepth)) var maxDepth = ForestTrainingSettings().maxDepth
  @Option(help: .setting(\ForestTrainingSettings.seed)) var seed = ForestTrainingSettings().seed

  @Option(help: "Threads; 0 takes what the machine gives.")
  var threads = 0

  @Flag(help: "Go on with the trees of a training that was stopped.")
  var resume = false

  @Flag(help: "Begin anew where a training was stopped.")
  var overwrite = false

  func validate() throws {
    if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other.") }
  }

  func run() throws {
    var settings = ForestTrainingSettings()
    let isOpenCV = ["yml", "yaml", "gz"].contains(FilePaths.fileExtension(of: output))
    settings.forest.features = features ?? (isOpenCV ? .opencv : .authors)
    settings.trees = trees
    settings.forest.treesEvaluated = max(1, trees / 2)
    settings.samples = samples
    settings.featureShare = featureShare
    settings.minChild = minChild
    settings.maxDepth = maxDepth
    settings.seed = seed
    try settings.check()
    Log.setHandler { level, message in if level >= .warning { Console.note("\(level): \(message)") } }
    let dataset = try reading.open(data, set: set, purpose: "train", strong: strong)
    let control = RunControl(threads: threads)
    Interrupt.cancels(control)
    Console.note(
      "\(dataset.strongItems.count) masks, \(trees) trees, about \(settings.memory / 1_000_000) MB of memory for a tree"
    )
    let training = ForestTraining(dataset.items, settings, output: output, control: control)
    let stopped = try training.run(existing: overwrite ? .overwrite : (resume ? .resume : .refuse)) { progress in
      Console.progress(
        "tree \(progress.tree + 1)/\(progress.trees), \(progress.stage.rawValue) \(progress.done)/\(progress.total)")
    }
    Console.endProgress()
    if let stopped {
      Console.note("Stopped after \(stopped) of \(trees) trees; go on with --resume.")
      throw ExitCode(130)
    }
    print(output)
  }
}

extension ForestSettings.Features: ExpressibleByArgument {}
