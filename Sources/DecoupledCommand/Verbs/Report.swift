import ArgumentParser
import DecoupledNetworks

/// `decoupled report`: a folder with pictures of what a model does, and a page to look at them.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write overlays, per-class maps (Figure 3 of the paper) and activation maps (Figure 2) with a page to look at.")

  @OptionGroup var engine: EngineOptions
  @OptionGroup var measured: MeasuringOptions

  @Option(help: "Model to run.")
  var model: String

  @Option(help: "How many images to show.")
  var count = 24

  @Option(help: "Run folders whose curves are shown; may be repeated.")
  var curves: [String] = []

  @Option(help: "Result of 'decoupled eval --json' to show as a table; may be repeated.")
  var result: [String] = []

  @Option(help: "Folder for the page.")
  var output: String

  func run() throws {
    let model = try ModelFile.open(self.model)
    let chosen = measured.chosenSet
    let dataset = try measured.open()
    let (backend, control) = try engine.open()
    var settings = try measured.prediction.settings()
    let gives = try Families.of(model.description).gives
    settings.foregroundMaps = gives.contains(.foregroundMaps)
    settings.activationMaps = gives.contains(.activationMaps)
    let predictor = try Predictor(model, backend: backend, control: control, settings: settings)
    let results = try result.map { ($0, try EvaluationResult.read($0)) }
    var page = ReportPage(model: model, folder: output)
    for item in dataset.items.prefix(max(0, count)) {
      let (image, mask) = try item.read()
      try page.add(item.id, image, mask, try predictor.predict([image])[0])
    }
    for (path, result) in results { page.addTable(of: result, from: path) }
    for run in curves { try page.addCurves(of: try RunDirectory(run, existing: .read)) }
    print(
      try page.write(
        title: "\(model.description.name) on \(dataset.items.count) images\(chosen.map { " of the set \($0)" } ?? "")"))
  }
}
