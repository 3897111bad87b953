import ArgumentParser
import DecoupledCore
import DecoupledNetworks
import DecoupledVision

/// `decoupled import`: weights of other origins become a model.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Turn a safetensors file with weights into a model, given the network's description; or a model into another form."
  )

  @Argument(help: "Weights: safetensors with this project's layer names or torchvision's.")
  var weights: String

  @Option(help: "Network description (JSON), or the name of a preset. A model has its own.")
  var description: String?

  @Option(help: "Class names: a classes.txt file, or names with commas. Numbered when left out.")
  var classes: String?

  @Option(help: "How the weights' network was fed: caffe or torchvision. Needed when neither file says.")
  var preprocessing: String?

  @Option(help: "Model to write.")
  var output: String

  @Flag(help: "Draw the weights that the file lacks instead of refusing it.")
  var fill = false

  @Option(help: "Seed of drawn weights.")
  var seed: UInt64 = 1

  @Flag(
    help: "Store the weights of convolutions in half precision: half the file, differences of about 0.001 in scores.")
  var half = false

  func run() throws {
    guard let description else {
      let model = try ModelFile.open(weights)
      try ModelFile.write(model, to: output, half: half)
      return print("\(output): \(model.parameters.names.count) tensors")
    }
    let isPreset = NetworkDescription.presetNames.contains(description)
    var network =
      isPreset ? NetworkDescription(preset: description) ?? .init() : try NetworkDescription.read(description)
    var names = (1...network.classes).map { "class\($0)" }
    if let classes {
      names =
        FileAccess.isFile(classes)
        ? try ClassList.read(classes).names : classes.split(separator: ",").map(Words.trimmed)
      network.classes = names.count
    }
    // A description that says how images are fed was written for these weights; a default is no statement about them.
    let says = try !isPreset && NetworkDescription.saysPreprocessing(description)
    let model = try Model(network, classNames: names, parameters: ParameterStore())
    let result = try WeightImport.start(
      model, from: weights, preprocessing: preprocessing, described: says ? network.preprocessing : nil)
    if !result.unused.isEmpty { Console.note("not used: \(result.unused.joined(separator: ", "))") }
    if !result.missing.isEmpty {
      let list = result.missing.joined(separator: ", ")
      guard fill else { throw EngineError(.notFound, "'\(weights)' lacks \(list); --fill draws them at random.") }
      Console.note("drawn at random: \(list)")
      try result.model.fillClassification(seed: seed)
    }
    try ModelFile.write(result.model, to: output, half: half)
    print(
      "\(output): \(result.used.count) tensors, \(result.model.hasSegmentation ? "both networks" : "classification network only")"
    )
  }
}
