import ArgumentParser
import DecoupledBase
import DecoupledNetworks
import DecoupledVision

/// `decoupled import`: weights of other origins become a model.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn weights of Caffe, PyTorch or safetensors into a model; or a model into another form.",
    discussion: """
      A .caffemodel of a DecoupledNet says itself what its network is. For other weights --description names the network. \
      Every tensor of the file is accounted for: used, dropped as a copy, not used; and every weight the file lacks.
      """)

  @Argument(
    help: "Weights: .caffemodel, .pth (VGG-16, VGG-16-BN), or safetensors with our layer names or torchvision's.")
  var weights: String

  @Option(
    help:
      "Network: a preset, a JSON description, or a deploy .prototxt. Models and DecoupledNet caffemodels have their own."
  )
  var description: String?

  @Option(help: "Class names: a classes.txt file, or names with commas. Numbered when left out.")
  var classes: String?

  @Option(help: "How the weights' network was fed: caffe or torchvision. Needed when neither file says.")
  var preprocessing: String?

  @Option(help: "Caffe mean image (.binaryproto) that was subtracted; its mean of each channel is taken.")
  var mean: String?

  @Option(help: "Layers to leave out, with commas, by our names: fc6,fc7.")
  var skip: String?

  @Option(help: "Model to write.")
  var output: String

  @Option(help: "Write the list of what became of each tensor, as JSON, to this file.")
  var report: String?

  @Flag(help: "Draw the weights that the file lacks instead of refusing it.")
  var fill = false

  @Option(help: "Seed of drawn weights.")
  var seed: UInt64 = 1

  @Flag(
    help: "Store the weights of convolutions in half precision: half the file, differences of about 0.001 in scores.")
  var half = false

  @Flag(help: "Write the file's tensors under their own names as plain safetensors, instead of a model.")
  var asIs = false

  func run() throws {
    let file = try WeightFile(path: weights)
    if asIs {
      try file.write(to: output)
      return print("\(output): \(file.tensors.count) tensors")
    }
    if description == nil, file.net == nil {
      let model = try ModelFile.open(weights)
      try ModelFile.write(model, to: output, half: half)
      return print("\(output): \(model.parameters.names.count) tensors")
    }
    let (model, options) = try network(file)
    var result = try WeightImport(model, file: file, options: options)
    if let report { try FileAccess.write(text: try result.report.json() + "\n", to: report) }
    Console.note(result.report.text)
    if !result.report.missing.isEmpty {
      let list = result.report.missing.joined(separator: ", ")
      guard fill else { throw EngineError(.notFound, "'\(weights)' lacks \(list); --fill draws them at random.") }
      result = try result.missingFilled(seed: seed)
    }
    try result.write(to: output, half: half)
    print(
      "\(output): \(result.report.used.count) tensors, \(result.hasSegmentation ? "both networks" : "classification network only")"
    )
  }

  /// The network the weights are for, without weights, and how they are taken in.
  private func network(_ file: WeightFile) throws -> (Model, WeightImport.Options) {
    var options = WeightImport.Options()
    options.preprocessing = preprocessing
    options.mean = mean
    options.skip = Set((skip ?? "").split(separator: ",").map(Words.trimmed))
    let names = try classes.map { classes in
      FileAccess.isFile(classes)
        ? try ClassList.read(classes).names : classes.split(separator: ",").map(Words.trimmed)
    }
    return try WeightImport.network(for: file, description: description, classes: names, options: options)
  }
}
