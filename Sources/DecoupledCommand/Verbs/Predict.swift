import ArgumentParser
import DecoupledBase
import DecoupledNetworks
import DecoupledVision

/// `decoupled predict`: label maps, overlays and maps per class for images and folders of images.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Segment images: palette PNG masks, overlays and more.")

  @OptionGroup var engine: EngineOptions

  @Option(help: "Model to run.")
  var model: String

  @Argument(help: "Images, or folders of images.")
  var inputs: [String] = []

  @Option(
    help:
      "Instead of images: data set whose --set is written for the VOC test server, to results/VOC2012/Segmentation/<competition>_<set>_cls/<id>.png with a tar beside it."
  )
  var voc: String?

  @Option(help: "With --voc: image set.")
  var set = "val"

  @Option(help: "With --voc: competition; comp5 is for training on VOC's data only, comp6 for any other.")
  var competition = "comp6"

  @Option(help: "Folder for the results.")
  var output = "predictions"

  @OptionGroup var prediction: PredictionOptions

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

  func validate() throws {
    guard (1...1024).contains(batch) else {
      throw ValidationError("--batch must lie between 1 and 1024, not \(batch).")
    }
    guard (voc == nil) != inputs.isEmpty else {
      throw ValidationError(
        voc == nil ? "Name images to segment, or a data set with --voc." : "With --voc no images can be named.")
    }
    guard voc == nil || (labels == nil && !foreground && !activation) else {
      throw ValidationError("--voc writes label maps only; leave --labels, --foreground and --activation out.")
    }
    for (flag, name) in [("--competition", competition), ("--set", set)] {
      guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "_-".contains($0) }) else {
        throw ValidationError("\(flag) '\(name)' becomes part of file names; use letters, digits, _ and -.")
      }
    }
  }

  @Flag(help: "Run the released procedure literally, nothing shared between label passes.")
  var plain = false

  func run() throws {
    let model = try ModelFile.open(self.model)
    let given = try labels.map { try $0.split(separator: ",").map { try model.classIndex(Words.trimmed($0)) } }
    let submission = try voc.map { try VOCSubmission(data: $0, set: set, competition: competition, output: output) }
    let paths = try submission?.images ?? inputs.flatMap(ImageFiles.list)
    let writer = PredictionWriter(
      model: model, folder: submission?.folder ?? output, overlay: overlay && submission == nil,
      foreground: foreground, activation: activation)
    try ImageFiles.checkTargets(paths, in: writer.folder, endings: [".png"])
    try submission?.check(model)
    let (backend, control) = try engine.open()
    var settings = try prediction.settings()
    settings.imagesPerBatch = batch
    settings.plain = plain
    settings.foregroundMaps = foreground || activation
    settings.activationMaps = activation
    let predictor = try Predictor(model, backend: backend, control: control, settings: settings)
    var failures = 0
    for start in stride(from: 0, to: paths.count, by: batch) {
      let chunk = paths[start..<min(start + batch, paths.count)]
      Console.progress("\(start + chunk.count)/\(paths.count) \(chunk[start])")
      let read = chunk.compactMap { path -> (path: String, image: RGBImage)? in
        do { return (path, try ImageReader.read(path)) } catch {
          // One damaged photo must not cost the rest of a folder.
          Console.endProgress()
          Console.note("Error: \(error)")
          failures += 1
          return nil
        }
      }
      do {
        let predictions = try predictor.predict(read.map(\.image), labels: read.map { _ in given })
        for (entry, prediction) in zip(read, predictions) {
          try writer.write(prediction, of: entry.image, named: entry.path)
          Console.endProgress()
          let line = json ? PredictionLine.json : PredictionLine.text
          print(line(prediction, entry.path, model))
        }
      } catch let error as EngineError where error.status == .cancelled {
        Console.endProgress()
        Console.note("Stopped after \(start) of \(paths.count) images.")
        throw ExitCode(130)
      }
    }
    if failures > 0 {
      Console.note("\(failures) of \(paths.count) images could not be read.")
      throw ExitCode(1)
    }
    if let submission { print(try submission.pack()) }
  }
}
