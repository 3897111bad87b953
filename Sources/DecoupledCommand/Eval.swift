import ArgumentParser
import DecoupledCore
import DecoupledNetworks
import DecoupledVision

/// `decoupled eval`: how well a model does on a data set.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure mean IoU, pixel accuracy and average precision on a data set.")

  @OptionGroup var engine: EngineOptions
  @OptionGroup var measured: MeasuringOptions

  @Flag(help: "Segment the classes that the image-level labels name instead of the ones that score.")
  var trueLabels = false

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  @Option(help: "Write the result as JSON to this file too.")
  var json: String?

  func run() throws {
    let model = try ModelFile.open(measured.model)
    let dataset = try Dataset.open(measured.data, set: measured.chosenSet, labelsFromMasks: labelsFromMasks)
    let (backend, control) = try engine.open()
    let predictor = try Predictor(model, backend: backend, control: control, settings: measured.settings)
    var options = Evaluation.Options()
    options.trueLabels = trueLabels
    let result = try Evaluation(dataset, classNames: model.classNames, options: options).run(predictor) { done, total in
      Console.progress("\(done)/\(total) images")
      return !control.isCancelled
    }
    Console.endProgress()
    print(result.text)
    if let json { try FileAccess.write(text: try result.json() + "\n", to: json) }
  }
}
