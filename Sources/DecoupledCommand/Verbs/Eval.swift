import ArgumentParser
import DecoupledBase
import DecoupledNetworks
import DecoupledVision

/// `decoupled eval`: how well a model does on a data set.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure mean IoU, pixel accuracy and average precision on a data set.")

  @OptionGroup var engine: EngineOptions
  @OptionGroup var measured: MeasuringOptions

  @Option(help: "Model to run.")
  var model: String?

  @Option(help: "Instead of running a model: folder of label maps <id>.png to compare with the masks.")
  var predictions: String?

  @Flag(help: "Segment the classes that the image-level labels name instead of the ones that score.")
  var trueLabels = false

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  @Option(help: "Write the result as JSON to this file too.")
  var json: String?

  func validate() throws {
    guard (model == nil) != (predictions == nil) else {
      throw ValidationError("Give either --model or --predictions.")
    }
    if predictions != nil && (trueLabels || labelsFromMasks) {
      throw ValidationError("--true-labels and --labels-from-masks need a --model.")
    }
  }

  func run() throws {
    let dataset = try measured.open(labelsFromMasks: labelsFromMasks)
    let (text, json) = try model.map { try evaluate($0, on: dataset) } ?? compare(dataset)
    Console.endProgress()
    print(text)
    if let file = self.json { try FileAccess.write(text: json + "\n", to: file) }
  }

  private func evaluate(_ path: String, on dataset: Dataset) throws -> (text: String, json: String) {
    let model = try ModelFile.open(path)
    let (backend, control) = try engine.open()
    let predictor = try Predictor(model, backend: backend, control: control, settings: measured.prediction.settings())
    var options = Evaluation.Options()
    options.trueLabels = trueLabels
    let result = try Evaluation(dataset, classNames: model.classNames, options: options).run(predictor) { done, total in
      Console.progress("\(done)/\(total) images")
      return !control.isCancelled
    }
    return (result.text, try result.json())
  }

  private func compare(_ dataset: Dataset) throws -> (text: String, json: String) {
    let scores = try LabelMapFolder.evaluate(predictions ?? "", against: dataset) { done, total in
      Console.progress("\(done)/\(total) images")
      return true
    }
    return (scores.text, try JSONText.of(scores, pretty: true))
  }
}
