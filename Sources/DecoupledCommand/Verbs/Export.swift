import ArgumentParser
import DecoupledNetworks

/// `decoupled export`: a model as a file that other programs read.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model as ONNX, as safetensors with torchvision's names, or as a Caffe model.",
    discussion: """
      onnx: image to score maps and label map. onnx-classification and onnx-label-pass: the same in two graphs, so that \
      the classification network runs once for any number of label passes. Input sizes, mean, class names and palette are in \
      the metadata. torchvision: the classification network for PyTorch. caffe: layer names of the released networks.
      """)

  @Argument(help: "Model file.")
  var model: String

  @Option(help: "\(ModelExport.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: ModelExport.Format

  @Option(help: "File to write.")
  var output: String

  @Option(help: "onnx: classes of an image that are segmented, those with the highest scores. All when left out.")
  var labelPasses: Int?

  @Option(help: "onnx: a class is identified when its score lies above.")
  var threshold: Float = 0.5

  func validate() throws { try PredictionOptions.check(threshold) }

  func run() throws {
    let model = try ModelFile.open(self.model)
    try ModelExport.write(model, as: format, to: output, labelPasses: labelPasses, threshold: threshold)
    print(output)
  }
}

extension ModelExport.Format: ExpressibleByArgument {}
