import ArgumentParser
import DecoupledNetworks

/// `decoupled info`: what a model file holds.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show a model's network, classes and weights.")

  @Argument(help: "Model file.")
  var model: String

  @Flag(help: "Print the network description as JSON only.")
  var json = false

  @Flag(help: "List every tensor.")
  var tensors = false

  func run() throws {
    let model = try ModelFile.open(self.model)
    if json {
      print(try model.description.json())
      return
    }
    let description = model.description
    let count = model.parameters.names.reduce(0) { $0 + (model.parameters[$1]?.elementCount ?? 0) }
    print(
      "network        \(description.name), a \(description.family), \(description.inputSize)x\(description.inputSize) input"
    )
    print(
      "stages         \(description.stageChannels), convolutions \(description.stageConvolutions), decoder \(description.decoderConvolutions)"
    )
    print(
      "fc widths      \(description.fcWidth), segmentation \(description.segmentationFcWidth), kernel \(description.fc6Kernel)"
    )
    print(
      "saliency       placement \(description.saliency.placement.rawValue), seed \(description.saliency.seed.rawValue)")
    print("classes        \(model.classNames.joined(separator: ", "))")
    print("weights        \(count) in \(model.parameters.names.count) tensors")
    print(
      "segmentation   \(model.has(.segmentation) ? "trained or imported" : "not there yet: run 'train segmentation'")")
    guard tensors else { return }
    for name in model.parameters.names {
      print("  \(name) \(model.parameters[name]?.shape ?? [])")
    }
  }
}
