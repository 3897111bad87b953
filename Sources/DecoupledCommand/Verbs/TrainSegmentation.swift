import ArgumentParser
import DecoupledNetworks

/// `decoupled train segmentation`: phase 2.
struct TrainSegmentation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segmentation", abstract: "Phase 2: learn to segment one class at a time from few masks.")

  @OptionGroup var arguments: TrainingArguments
  @OptionGroup var engine: EngineOptions

  @Option(help: "Model whose classification network is trained; it stays as it is.")
  var model: String

  @Option(help: "List of images whose masks may be used, such as strong_5; all masks of the set when left out.")
  var strong: String?

  func run() throws {
    var recipe = try arguments.recipe(phase: "segmentation")
    arguments.apply(to: &recipe.segmentation.solver, seed: &recipe.segmentation.seed)
    let (train, validation) = try arguments.open(strong: strong, labelsFromMasks: false)
    let (backend, control) = try engine.open()
    let (directory, start) = try arguments.begin { try ModelFile.open(model) }
    let trainer = try Trainer(
      "segmentation", start, dataset: train, validation: validation, settings: recipe.segmentation,
      options: arguments.options(recipe), run: directory, backend: backend, control: control,
      meanIntersectionOverUnion: validation.map {
        Evaluation.meanIntersectionOverUnion(
          on: $0, prediction: recipe.prediction, backend: backend, control: control)
      })
    try arguments.run(trainer, in: directory)
  }
}
