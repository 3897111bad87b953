import ArgumentParser
import DecoupledCore
import DecoupledNetworks
import DecoupledVision

/// `decoupled eval`: how well a model does on a data set.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure mean IoU, pixel accuracy and average precision on a data set.")

  @OptionGroup var engine: EngineOptions

  @Option(help: "Model to evaluate.")
  var model: String

  @Option(help: "Data set.")
  var data: String

  @Option(help: "Image set; val when there is one, else all images.")
  var set: String?

  @Option(help: "A class is identified when its score lies above this.")
  var threshold: Float = 0.5

  @Flag(help: "Segment the classes that the image-level labels name instead of the ones that score.")
  var trueLabels = false

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  @Option(help: "Write the result as JSON to this file too.")
  var json: String?

  func run() throws {
    let model = try ModelFile.open(self.model)
    let dataset = try Dataset.open(
      data, set: ImageSet.resolve(set, standard: "val", in: data), labelsFromMasks: labelsFromMasks)
    let (backend, control) = try engine.open()
    var settings = PredictionSettings()
    settings.threshold = threshold
    let predictor = try Predictor(model, backend: backend, control: control, settings: settings)
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
