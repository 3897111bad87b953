import ArgumentParser
import DecoupledCore
import DecoupledNetworks
import DecoupledVision

/// `decoupled predict`: label maps, overlays and maps per class for images and folders of images.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Segment images: palette PNG masks, overlays and more.")

  @OptionGroup var engine: EngineOptions

  @Option(help: "Model to run.")
  var model: String

  @Argument(help: "Images, or folders of images.")
  var inputs: [String]

  @Option(help: "Folder for the results.")
  var output = "predictions"

  @Option(help: "A class is identified when its score lies above this.")
  var threshold: Float = 0.5

  @Option(help: "Segment these classes instead of the ones that score: names with commas, such as dog,cat.")
  var labels: String?

  @Flag(inversion: .prefixedNo, help: "Write overlays of the label map on the image.")
  var overlay = true

  @Flag(help: "Write the foreground map of each identified class.")
  var foreground = false

  @Flag(help: "Write the most telling channel of each class-specific activation map.")
  var activation = false

  @Flag(help: "Write one JSON line per image to standard output instead of a table.")
  var json = false

  @Option(help: "Images per run of the classification network.")
  var batch = 1

  @Flag(help: "Run the released procedure literally, nothing shared between label passes.")
  var plain = false

  func run() throws {
    let model = try ModelFile.open(self.model)
    let given = try labels.map { try $0.split(separator: ",").map { try model.classIndex(String($0)) } }
    let paths = try inputs.flatMap(images)
    let (backend, control) = try engine.open()
    var settings = PredictionSettings()
    settings.threshold = threshold
    settings.imagesPerBatch = batch
    settings.plain = plain
    settings.foregroundMaps = foreground || activation
    settings.activationMaps = activation
    let predictor = try Predictor(model, backend: backend, control: control, settings: settings)
    var failures = 0
    for (done, path) in paths.enumerated() {
      Console.progress("\(done + 1)/\(paths.count) \(path)")
      do {
        let image = try ImageReader.read(path)
        let prediction = try predictor.predict([image], labels: [given])[0]
        try PredictionWriter(
          model: model, folder: output, overlay: overlay, foreground: foreground, activation: activation
        )
        .write(prediction, of: image, named: path)
        Console.endProgress()
        print(json ? PredictionLine.json(prediction, path, model) : PredictionLine.text(prediction, path, model))
      } catch let error as EngineError where error.status == .cancelled {
        Console.endProgress()
        Console.note("Stopped after \(done) of \(paths.count) images.")
        throw ExitCode(130)
      } catch let error as VisionError where paths.count > 1 {
        // One damaged photo must not cost the rest of a folder.
        Console.endProgress()
        Console.note("Error: \(error)")
        failures += 1
      }
    }
    if failures > 0 {
      Console.note("\(failures) of \(paths.count) images could not be processed.")
      throw ExitCode(1)
    }
  }

  private func images(_ path: String) throws -> [String] {
    guard FileAccess.isFolder(path) else { return [path] }
    let found = try FileAccess.names(in: path).filter { name in
      [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
    }
    guard !found.isEmpty else {
      throw EngineError(.notFound, "The folder '\(path)' holds no .jpg, .jpeg or .png images.")
    }
    return found.map { FilePaths.join(path, $0) }
  }
}
